-- Moves in the cloud: what was uploaded, which step is under way, and when something was last heard of it.
ALTER TABLE migration_runs DROP CONSTRAINT migration_runs_state_check;
ALTER TABLE migration_runs ADD CONSTRAINT migration_runs_state_check
  CHECK (state IN ('planned', 'running', 'complete', 'failed', 'rolled back'));
ALTER TABLE migration_runs
  -- names its files in the bucket; null for a run over a folder, which a command moves
  ADD COLUMN upload UUID,
  ADD COLUMN as_new BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN start_at TIMESTAMPTZ,
  -- what is queued or under way; null when nothing is
  ADD COLUMN step TEXT CHECK (step IN ('prepare', 'move', 'verify', 'roll back')),
  ADD COLUMN heard_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  -- how often the step was started again since it last got on
  ADD COLUMN revived INTEGER NOT NULL DEFAULT 0,
  -- what the last step was refused for, as a JSON array
  ADD COLUMN problems TEXT NOT NULL DEFAULT '[]';
-- the same plan over the same upload is one run, however often it is asked for
CREATE UNIQUE INDEX migration_runs_upload ON migration_runs (upload, md5(plan)) WHERE state <> 'rolled back';
CREATE INDEX migration_runs_newest ON migration_runs (started_at DESC, id DESC);
ALTER TABLE migration_files
  -- the hash of the uploaded file, before a row of it is moved; from then on it is in sha256
  ADD COLUMN content TEXT,
  -- SHA-256 of the snapshot that its rows are read from
  ADD COLUMN snapshot TEXT,
  -- its tables and columns, against which the plan is checked
  ADD COLUMN catalogue TEXT;
ALTER TABLE migration_tables
  -- rows of the source; null where nobody has counted them
  ADD COLUMN total BIGINT;
-- How far verifying a table of a run in the cloud has come.
CREATE TABLE migration_checks (
  table_id BIGINT PRIMARY KEY REFERENCES migration_tables (id),
  -- the first row that was not compared yet
  place BIGINT NOT NULL DEFAULT 0,
  source BIGINT NOT NULL DEFAULT 0,
  moved BIGINT NOT NULL DEFAULT 0,
  -- the first of them, as a JSON array, and how many more there are
  differences TEXT NOT NULL DEFAULT '[]',
  more BIGINT NOT NULL DEFAULT 0,
  ended BOOLEAN NOT NULL DEFAULT false
);
