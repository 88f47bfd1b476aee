-- Checked to be JSON and kept as it was written: to parse it into its binary form, and to write it out again for each
-- comparison, takes longer than to store the row. Who searches in it casts it.
ALTER TABLE legacy_rows ALTER COLUMN content TYPE JSON USING content::text::json;
