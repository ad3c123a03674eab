-- How often something was done that strangers can cause, by the beginning of the
-- hour: limits have to hold over every process and every restart.
CREATE TABLE tallies (
	what TEXT NOT NULL,
	slot BIGINT NOT NULL,
	n    INTEGER NOT NULL,
	PRIMARY KEY (what, slot)
);
CREATE INDEX tallies_by_time ON tallies (slot);

-- A form to which far more came in than is usual: what comes in is held, without
-- mail, until it is calm again or a person opens it.
CREATE TABLE surges (
	form       TEXT PRIMARY KEY,
	programme  TEXT NOT NULL,
	shut_at    BIGINT NOT NULL DEFAULT 0,        -- 0 is that it is open
	room       INTEGER NOT NULL DEFAULT 0,       -- how many in ten minutes would have been no surge
	free_until BIGINT NOT NULL DEFAULT 0,        -- a person opened it, and until then it stays so
	opened_by  TEXT NOT NULL DEFAULT ''          -- name of a colleague; '' is that it was calm
);

-- What a form owes to an address, whether it has left or not.
CREATE INDEX messages_owed_by_form ON messages (address, created_at) WHERE form <> '' AND contact_id <> '';
