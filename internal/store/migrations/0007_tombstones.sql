-- Letters that were erased, by the hash of their bytes, so that none of them is
-- filed again from a mailbox in which it still lies. The version before this one
-- knows nothing of them: do not erase while both are running.
CREATE TABLE tombstones (
	raw_hash  TEXT PRIMARY KEY,
	erased_at BIGINT NOT NULL
);
-- A letter of which only a part is on file, and that a person wants to have
-- fetched once more from the place it lay in.
ALTER TABLE deliveries ADD COLUMN wanted BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX deliveries_wanted ON deliveries (mailbox, folder, uidvalidity, uid) WHERE wanted;
