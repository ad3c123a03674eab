-- What somebody has begun to fill in and not sent. A row is known by the hash of
-- the token in the address of its pages, and its answers are sealed; staff are
-- never shown any of it. When it was sent or came to its end, the answers are gone
-- and the row says only what became of it.
CREATE TABLE drafts (
	hash        TEXT PRIMARY KEY,                -- SHA-256 of the token, as hex
	form        TEXT NOT NULL,
	locale      TEXT NOT NULL DEFAULT '',
	state       TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'sent', 'ended')),
	body_sealed BYTEA,                           -- gone unless it is open
	receipt     TEXT NOT NULL DEFAULT '',        -- what the page after it is about; gone with that page
	mails       INTEGER NOT NULL DEFAULT 0,      -- links to it that were sent
	begun_at    BIGINT NOT NULL,
	touched_at  BIGINT NOT NULL
);
CREATE INDEX drafts_touched ON drafts (touched_at);

-- Answers about equality. Nothing in a row leads to who gave them: the id is
-- random and decides where the row lies, and the month is all that is kept of when.
-- only: sqlite
CREATE TABLE equality_answers (
	id             TEXT PRIMARY KEY,
	form           TEXT NOT NULL,
	month          TEXT NOT NULL,                -- 2027-03
	answers_sealed BYTEA NOT NULL
) WITHOUT ROWID;
-- only: postgres
CREATE TABLE equality_answers (
	id             TEXT PRIMARY KEY,
	form           TEXT NOT NULL,
	month          TEXT NOT NULL,
	answers_sealed BYTEA NOT NULL
);

-- Who has to agree to what a submission asks for, and whether they have. One
-- that waits is asked again, and chased to the coordinators when its time has come.
CREATE TABLE guardians (
	submission_id TEXT PRIMARY KEY REFERENCES submissions (id),
	sealed        BYTEA NOT NULL,                -- name, address and phone number
	state         TEXT NOT NULL CHECK (state IN ('waiting', 'agreed', 'refused')),
	asked         INTEGER NOT NULL DEFAULT 1,    -- how often; a newer link ends the older ones
	asked_at      BIGINT NOT NULL,
	chase_at      BIGINT NOT NULL,               -- 0 when the coordinators have been told
	answered_at   BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX guardians_to_chase ON guardians (chase_at) WHERE state = 'waiting' AND chase_at > 0;
