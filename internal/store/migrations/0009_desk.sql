-- What the desk needs: who works there, what they did, and what they changed. The
-- version before this one knows nothing of it and works beside it.
CREATE TABLE colleagues (
	name       TEXT PRIMARY KEY,                 -- by which settings, programmes and assigned_to know them; it never changes
	address    TEXT NOT NULL UNIQUE,             -- in small letters
	locale     TEXT NOT NULL DEFAULT 'en',
	cover      TEXT NOT NULL DEFAULT '',         -- name of who stands in
	away_from  BIGINT NOT NULL DEFAULT 0,
	away_until BIGINT NOT NULL DEFAULT 0,        -- 0 with away_from set: until they say that they are back
	proposed   BOOLEAN NOT NULL DEFAULT FALSE,   -- an automatic reply said that they are away; nobody has agreed yet
	from_file  BOOLEAN NOT NULL DEFAULT FALSE,   -- the settings file named them first
	added_at   BIGINT NOT NULL,
	left_at    BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE grants (
	colleague TEXT NOT NULL REFERENCES colleagues (name),
	role      TEXT NOT NULL CHECK (role IN ('admin', 'coordinator', 'greeter', 'viewer')),
	programme TEXT NOT NULL DEFAULT '',          -- '' is every one
	area      TEXT NOT NULL DEFAULT '',          -- '' is every one
	PRIMARY KEY (colleague, role, programme, area)
);

-- A counter for each thing that processes keep in memory, raised with each change.
CREATE TABLE revisions (
	name TEXT PRIMARY KEY,
	n    BIGINT NOT NULL
);

-- A mailed link to sign in, by the hash of what is in it.
CREATE TABLE signin_links (
	hash       TEXT PRIMARY KEY,
	colleague  TEXT NOT NULL REFERENCES colleagues (name),
	browser    TEXT NOT NULL,                    -- hash of the cookie of the browser that asked
	asked_at   BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	used_at    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX signin_links_by_colleague ON signin_links (colleague, asked_at);

CREATE TABLE sign_ins (
	hash        TEXT PRIMARY KEY,                -- of the token in the cookie
	id          TEXT NOT NULL UNIQUE,            -- by which it is named in a page
	colleague   TEXT NOT NULL DEFAULT '',
	device      TEXT NOT NULL DEFAULT '',        -- in plain words
	data_sealed BYTEA NOT NULL,
	began_at    BIGINT NOT NULL,
	seen_at     BIGINT NOT NULL,
	expires_at  BIGINT NOT NULL
);
CREATE INDEX sign_ins_by_colleague ON sign_ins (colleague);
CREATE INDEX sign_ins_by_end ON sign_ins (expires_at);

-- assigned_to is the name of a colleague; '' is whoever looks after the programme.
ALTER TABLE submissions ADD COLUMN assigned_to TEXT NOT NULL DEFAULT '';
ALTER TABLE submissions ADD COLUMN snoozed_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE letters ADD COLUMN snoozed_until BIGINT NOT NULL DEFAULT 0;

-- What a colleague did, with what was there before, so that it can be undone.
CREATE TABLE deeds (
	id        TEXT PRIMARY KEY,
	at        BIGINT NOT NULL,
	actor     TEXT NOT NULL,                     -- name of a colleague, or what acted
	act       TEXT NOT NULL,
	kind      TEXT NOT NULL CHECK (kind IN ('submission', 'letter', 'call', 'contact', 'organisation', 'step', 'colleague', 'setting')),
	subject   TEXT NOT NULL,
	before    TEXT NOT NULL DEFAULT '{}',        -- states and names only, as JSON
	undone_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX deeds_by_subject ON deeds (kind, subject, at);
CREATE INDEX deeds_by_actor ON deeds (actor, at);

CREATE TABLE notes (
	id          TEXT PRIMARY KEY,
	kind        TEXT NOT NULL CHECK (kind IN ('submission', 'letter', 'call', 'contact', 'organisation')),
	subject     TEXT NOT NULL,
	text_sealed BYTEA NOT NULL,
	made_by     TEXT NOT NULL,
	made_at     BIGINT NOT NULL,
	removed_at  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX notes_by_subject ON notes (kind, subject, made_at);

-- The short number under which a summary speaks of something that waits. It stays
-- with it for as long as it is on file, and is never used again.
CREATE TABLE items (
	number  BIGINT PRIMARY KEY,
	kind    TEXT NOT NULL CHECK (kind IN ('submission', 'letter', 'call')),
	subject TEXT NOT NULL,
	made_at BIGINT NOT NULL,
	UNIQUE (kind, subject)
);

-- Somebody may be in danger: who has to look, and until when.
CREATE TABLE alarms (
	id            TEXT PRIMARY KEY,
	kind          TEXT NOT NULL CHECK (kind IN ('submission', 'letter')),
	subject       TEXT NOT NULL,
	programme     TEXT NOT NULL DEFAULT '',
	raised_by     TEXT NOT NULL DEFAULT '',      -- name of a colleague; '' is a phrase in what came in
	raised_at     BIGINT NOT NULL,
	stage         INTEGER NOT NULL DEFAULT 0,    -- who was told last: 0 lead, 1 deputy, 2 admin
	next_at       BIGINT NOT NULL DEFAULT 0,     -- when the next is told, unless somebody has looked
	opened_at     BIGINT NOT NULL DEFAULT 0,
	opened_by     TEXT NOT NULL DEFAULT '',
	closed_at     BIGINT NOT NULL DEFAULT 0,
	closed_by     TEXT NOT NULL DEFAULT '',
	reason_sealed BYTEA,                         -- why it was closed
	keep_until    BIGINT NOT NULL DEFAULT 0,     -- it is kept apart from all other retention
	UNIQUE (kind, subject)
);
CREATE INDEX alarms_unopened ON alarms (next_at) WHERE opened_at = 0 AND closed_at = 0;

-- Every version of what was changed on the desk; the newest of each counts.
CREATE TABLE wordings (
	id      TEXT PRIMARY KEY,
	kind    TEXT NOT NULL CHECK (kind IN ('programme', 'letter', 'mailbox')),
	name    TEXT NOT NULL,                       -- of the programme, the letter or the mailbox
	locale  TEXT NOT NULL DEFAULT '',            -- of a letter
	version INTEGER NOT NULL,                    -- counted from 1
	body    TEXT NOT NULL,                       -- the whole of it; '' is as it came
	made_by TEXT NOT NULL,
	made_at BIGINT NOT NULL,
	UNIQUE (kind, name, locale, version)
);
