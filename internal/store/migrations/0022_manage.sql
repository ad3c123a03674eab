-- How somebody may be reached by phone: whether a message may be left, and through
-- whom they asked to be reached.
ALTER TABLE contacts ADD COLUMN by_phone_sealed BYTEA;

-- Who asked for the link to all that an address has with us, whether or not we know
-- the address. It is looked at by a job, so that nobody can tell which it was.
CREATE TABLE link_requests (
	id             TEXT PRIMARY KEY,           -- the address and ten minutes, blinded: asking twice is asking once
	who            TEXT NOT NULL,              -- the address, blinded
	address_sealed BYTEA,                      -- taken away once it was looked at
	locale         TEXT NOT NULL,
	asked_at       BIGINT NOT NULL,
	mailed         BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX link_requests_by_who ON link_requests (who, asked_at);
CREATE INDEX link_requests_by_time ON link_requests (asked_at);
