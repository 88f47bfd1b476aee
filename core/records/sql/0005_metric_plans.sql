-- A plan for arrays of any size takes twice as long with thousands of points as one made for them, and one made for a
-- single point costs no more than it saves.
ALTER FUNCTION write_metrics(TEXT, TEXT[], TEXT[], DOUBLE PRECISION[], TIMESTAMPTZ[], TEXT, TEXT[], BOOLEAN)
  SET plan_cache_mode = force_custom_plan;
