-- The run whose rejected rows this one tried again.
ALTER TABLE migration_runs ADD COLUMN retries UUID REFERENCES migration_runs (id);
CREATE INDEX migration_runs_retries ON migration_runs (retries) WHERE retries IS NOT NULL;
