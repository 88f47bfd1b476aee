-- Who gets what is published to a topic. The truth; fan-out works on a projection of it.
CREATE TABLE subscriptions (
  topic TEXT COLLATE "C" NOT NULL CHECK (char_length(topic) BETWEEN 1 AND 512),
  agent_name TEXT COLLATE "C" NOT NULL REFERENCES agents (name),
  -- null: every type
  message_types TEXT[] CHECK (cardinality(message_types) BETWEEN 1 AND 100),
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  PRIMARY KEY (topic, agent_name)
);
CREATE INDEX subscriptions_agent ON subscriptions (agent_name, topic);

-- Orders what is brought to Redis of subscriptions and capabilities. Whoever brings something takes a number first and
-- reads the row after that: of two that bring the same row, the one with the greater number has seen every change that
-- the other has seen.
CREATE SEQUENCE projection_versions;
