-- Written by the thousand, in the transaction that moves the checkpoint of their table's entry, which is never deleted: to
-- look that entry up for each row takes longer than to store the row.
ALTER TABLE migration_ranges DROP CONSTRAINT migration_ranges_table_id_fkey;
ALTER TABLE migration_kept DROP CONSTRAINT migration_kept_table_id_fkey;
ALTER TABLE legacy_rows DROP CONSTRAINT legacy_rows_table_id_fkey;
ALTER TABLE migration_rejects DROP CONSTRAINT migration_rejects_table_id_fkey;
ALTER TABLE migration_pieces DROP CONSTRAINT migration_pieces_table_id_fkey;
