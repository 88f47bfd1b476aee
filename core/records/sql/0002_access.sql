-- The truth about API keys; the hot path works on a projection of them. Of a key's secret only its hash is here.
CREATE TABLE api_keys (
  id TEXT COLLATE "C" PRIMARY KEY CHECK (char_length(id) BETWEEN 1 AND 64),
  -- null: a key of an operator, not of an agent
  agent TEXT COLLATE "C" REFERENCES agents (name),
  scopes TEXT[] NOT NULL CHECK (cardinality(scopes) BETWEEN 1 AND 16),
  -- base64url of the SHA-256
  secret_hash TEXT NOT NULL CHECK (char_length(secret_hash) = 43),
  -- the key that this one was made to follow
  replaces TEXT COLLATE "C" REFERENCES api_keys (id),
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  expires_at TIMESTAMPTZ CHECK (isfinite(expires_at)),
  revoked_at TIMESTAMPTZ,
  version INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX api_keys_agent ON api_keys (agent, id);
-- a key has one follower at a time: with its own that makes two live keys
CREATE UNIQUE INDEX api_keys_follower ON api_keys (replaces) WHERE revoked_at IS NULL;
