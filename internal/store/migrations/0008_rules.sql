-- What coordinators have said about letters like one that they looked at. The
-- version before this one knows nothing of it and works beside it.
CREATE TABLE rules (
	id           BIGINT PRIMARY KEY,        -- counted from 1, and never used again
	mailbox      TEXT NOT NULL,
	by_what      TEXT NOT NULL CHECK (by_what IN ('address', 'domain', 'list')),
	who          TEXT NOT NULL,             -- the address, the domain or the List-Id; '' once it is removed
	words_sealed BYTEA NOT NULL,            -- what must stand in the subject
	says         TEXT NOT NULL CHECK (says IN ('bulk', 'automatic', 'enquiry', 'website', 'coordinator')),
	target       TEXT NOT NULL DEFAULT '',  -- a form, or a coordinator
	made_by      TEXT NOT NULL,
	made_at      BIGINT NOT NULL,
	removed_by   TEXT NOT NULL DEFAULT '',
	removed_at   BIGINT NOT NULL DEFAULT 0
);
