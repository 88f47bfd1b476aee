-- What was written under a key, so that other points under it are refused and not taken for those. Null: it is not known,
-- as of writes before this column.
ALTER TABLE metric_writes ADD COLUMN digest TEXT COLLATE "C" CHECK (char_length(digest) <= 64);

-- As the function of eight arguments, which code from before this file still calls; -1 where the key has another digest.
CREATE FUNCTION write_metrics(
  write_key TEXT, agent_names TEXT[], metric_types TEXT[], measured DOUBLE PRECISION[], moments TIMESTAMPTZ[],
  joined_metadata TEXT, sources TEXT[], forget BOOLEAN, content_digest TEXT
) RETURNS INTEGER LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  known INTEGER;
BEGIN
  INSERT INTO metric_writes (key, points, digest) VALUES (write_key, cardinality(measured), content_digest)
  ON CONFLICT (key) DO NOTHING;
  IF NOT FOUND THEN
    SELECT CASE WHEN digest <> content_digest THEN -1 ELSE points END INTO known
    FROM metric_writes WHERE key = write_key;
    RETURN known;
  END IF;
  INSERT INTO agent_metrics (agent_name, metric_type, value, "timestamp", metadata, source_database)
  SELECT * FROM unnest(
    agent_names, metric_types, measured, moments, string_to_array(joined_metadata, E'\x1e')::jsonb[], sources
  );
  IF forget THEN
    DELETE FROM metric_writes WHERE key IN (
      SELECT key FROM metric_writes WHERE written_at < now() - interval '1 day'
      ORDER BY written_at LIMIT 128 FOR UPDATE SKIP LOCKED
    );
  END IF;
  RETURN cardinality(measured);
END $$;
