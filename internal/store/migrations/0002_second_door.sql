-- The second door: letters from mailboxes, what answers them, newsletters and
-- the coordinators' daily summary. Columns are only added, so that the version
-- before this one goes on working beside it.

-- Where a letter came from, which fetched batch it belongs to, what it was
-- taken for, and who looks after it. A reference is drawn for a letter that a
-- person has to look at. The table is made anew with the rows it has, because
-- in SQLite each column that is added reads the whole schema again.
CREATE TABLE letters_before AS SELECT * FROM letters;
DROP TABLE letters;
CREATE TABLE letters (
	id            TEXT PRIMARY KEY,
	raw_hash      TEXT NOT NULL UNIQUE,
	raw_sealed    BYTEA NOT NULL,
	size          BIGINT NOT NULL,
	message_id    TEXT NOT NULL DEFAULT '',
	submission_id TEXT REFERENCES submissions (id),
	state         TEXT NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'done', 'ignored', 'triage')),
	reason        TEXT NOT NULL DEFAULT '',
	received_at   BIGINT NOT NULL,
	mailbox       TEXT NOT NULL DEFAULT '',
	folder        TEXT NOT NULL DEFAULT 'inbox' CHECK (folder IN ('inbox', 'sent')),
	batch         TEXT NOT NULL DEFAULT '',
	reads         INTEGER NOT NULL DEFAULT 0,
	class         TEXT NOT NULL DEFAULT '',
	address       TEXT NOT NULL DEFAULT '',
	imported      BOOLEAN NOT NULL DEFAULT FALSE,
	reference     TEXT NOT NULL DEFAULT '',
	assigned_to   TEXT NOT NULL DEFAULT '',
	settled_at    BIGINT NOT NULL DEFAULT 0
);
INSERT INTO letters (id, raw_hash, raw_sealed, size, message_id, submission_id, state, reason, received_at)
	SELECT id, raw_hash, raw_sealed, size, message_id, submission_id, state, reason, received_at FROM letters_before;
DROP TABLE letters_before;
CREATE INDEX letters_by_batch ON letters (batch, id) WHERE state = 'received';
CREATE INDEX letters_by_message_id ON letters (message_id) WHERE message_id <> '';
CREATE INDEX letters_by_submission ON letters (submission_id);
CREATE INDEX letters_in_triage ON letters (received_at) WHERE state = 'triage';
CREATE UNIQUE INDEX letters_by_reference ON letters (reference) WHERE reference <> '';
CREATE INDEX letters_added ON letters (submission_id, received_at) WHERE reason = 'added' AND state = 'done';

-- The letters that a letter names in In-Reply-To and References.
CREATE TABLE letter_refs (
	letter_id  TEXT NOT NULL REFERENCES letters (id),
	message_id TEXT NOT NULL,
	PRIMARY KEY (letter_id, message_id)
);
CREATE INDEX letter_refs_by_message_id ON letter_refs (message_id);

-- One letter may lie in many mailboxes; each place it was seen is a row, so
-- that no place is read twice.
CREATE TABLE deliveries (
	mailbox     TEXT NOT NULL,
	folder      TEXT NOT NULL CHECK (folder IN ('inbox', 'sent')),
	uidvalidity BIGINT NOT NULL,
	uid         BIGINT NOT NULL,
	letter_id   TEXT NOT NULL REFERENCES letters (id),
	seen_at     BIGINT NOT NULL,
	PRIMARY KEY (mailbox, folder, uidvalidity, uid)
);
CREATE INDEX deliveries_by_letter ON deliveries (letter_id);

-- How far each folder of each mailbox has been read. last_uid counts within
-- one UIDVALIDITY only. What lay there before it was read for the first time
-- are letters below old_below, of which only those that came at old_since or
-- later are read; old_imported says whether all of them count as imported.
CREATE TABLE cursors (
	mailbox      TEXT NOT NULL,
	folder       TEXT NOT NULL CHECK (folder IN ('inbox', 'sent')),
	uidvalidity  BIGINT NOT NULL,
	last_uid     BIGINT NOT NULL,
	connected_at BIGINT NOT NULL,
	polled_at    BIGINT NOT NULL DEFAULT 0,
	problem      TEXT NOT NULL DEFAULT '',
	old_below    BIGINT NOT NULL DEFAULT 0,
	old_since    BIGINT NOT NULL DEFAULT 0,
	old_imported BOOLEAN NOT NULL DEFAULT FALSE,
	PRIMARY KEY (mailbox, folder)
);

-- What came in by letter: the mailbox it came to, the letter that began it,
-- which questions are still open, and whether the language is a guess.
ALTER TABLE submissions ADD COLUMN mailbox TEXT NOT NULL DEFAULT '';
ALTER TABLE submissions ADD COLUMN letter_id TEXT NOT NULL DEFAULT '';
ALTER TABLE submissions ADD COLUMN open_fields TEXT NOT NULL DEFAULT '';
ALTER TABLE submissions ADD COLUMN locale_guessed BOOLEAN NOT NULL DEFAULT FALSE;

-- From whom a message is where that is not the organisation's own address,
-- which letter it answers, and which newsletter it is a copy of.
ALTER TABLE messages ADD COLUMN sender TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN letter_id TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN campaign_id TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN chunk INTEGER NOT NULL DEFAULT 0;
CREATE INDEX messages_answers ON messages (sending_at) WHERE letter_id <> '';
CREATE INDEX messages_by_campaign ON messages (campaign_id, chunk, state) WHERE campaign_id <> '';

-- One edition of a newsletter. Its copies are rows of messages; key makes
-- starting the same one twice start it once.
CREATE TABLE campaigns (
	id         TEXT PRIMARY KEY,
	key        TEXT NOT NULL UNIQUE,
	list       TEXT NOT NULL,
	programme  TEXT NOT NULL,
	subject    TEXT NOT NULL,
	markdown   TEXT NOT NULL,
	locale     TEXT NOT NULL,
	state      TEXT NOT NULL CHECK (state IN ('draft', 'approved', 'scheduled', 'sending', 'paused', 'sent', 'cancelled')),
	chosen     INTEGER NOT NULL DEFAULT 0,
	chunks     INTEGER NOT NULL DEFAULT 0,
	created_at BIGINT NOT NULL,
	settled_at BIGINT NOT NULL DEFAULT 0
);

-- Each coordinator's summary of each day, once: sent as a message, or quiet.
CREATE TABLE digests (
	coordinator TEXT NOT NULL,
	day         TEXT NOT NULL,
	outcome     TEXT NOT NULL CHECK (outcome IN ('sent', 'quiet', 'calm')),
	message_id  TEXT NOT NULL DEFAULT '',
	made_at     BIGINT NOT NULL,
	PRIMARY KEY (coordinator, day)
);

-- When a step was first promised for, however often it was put off since.
ALTER TABLE steps ADD COLUMN promised_for BIGINT NOT NULL DEFAULT 0;
UPDATE steps SET promised_for = due_at;

-- How often a session was moved to another date or place: each move is told
-- once, and calendars take the entry with the highest number (RFC 5545,
-- SEQUENCE).
ALTER TABLE sessions ADD COLUMN moves INTEGER NOT NULL DEFAULT 0;

-- What the daily summary looks for, found without reading what is long done:
-- questions that wait, letters that left questions open, dates, and mail that
-- went wrong or would have been sent.
CREATE INDEX submissions_waiting ON submissions (programme, kind, received_at) WHERE state = 'received';
CREATE INDEX submissions_unfinished ON submissions (programme, received_at) WHERE open_fields <> '';
CREATE INDEX sessions_by_start ON sessions (starts_at);
CREATE INDEX messages_gone_wrong ON messages (state, settled_at) WHERE state IN ('failed', 'uncertain');
CREATE INDEX messages_only_watched ON messages (reason, settled_at) WHERE reason = 'reason.watch';
