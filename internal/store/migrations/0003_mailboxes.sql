-- What lay in a folder before it was read for the first time (under its
-- UIDVALIDITY): letters below old_below, of which only those that came at
-- old_since or later are read, and whether all of them count as imported.
ALTER TABLE cursors ADD COLUMN old_below BIGINT NOT NULL DEFAULT 0;
ALTER TABLE cursors ADD COLUMN old_since BIGINT NOT NULL DEFAULT 0;
ALTER TABLE cursors ADD COLUMN old_imported BOOLEAN NOT NULL DEFAULT FALSE;
