-- What somebody chose of a list, on what ground they are on it, and how an import
-- can be taken back. Who was put on a list from a file has no submission, so both
-- tables are made anew with the rows they have.
CREATE TABLE subscriptions_before AS SELECT * FROM subscriptions;
DROP TABLE subscriptions;
CREATE TABLE subscriptions (
	id            TEXT PRIMARY KEY,
	list          TEXT NOT NULL,
	programme     TEXT NOT NULL,
	contact_id    TEXT NOT NULL REFERENCES contacts (id),
	address       TEXT NOT NULL REFERENCES addresses (address),
	locale        TEXT NOT NULL,
	submission_id TEXT NOT NULL DEFAULT '', -- that asked; '' came from a file
	state         TEXT NOT NULL CHECK (state IN ('pending', 'confirmed', 'unsubscribed')),
	asked_at      BIGINT NOT NULL,
	confirmed_at  BIGINT NOT NULL DEFAULT 0,
	ended_at      BIGINT NOT NULL DEFAULT 0,
	basis         TEXT NOT NULL DEFAULT 'consent' CHECK (basis IN ('consent', 'soft_opt_in', 'unknown')),
	topics        TEXT NOT NULL DEFAULT '', -- with spaces between; '' is all
	areas         TEXT NOT NULL DEFAULT '', -- with spaces between; '' is all
	often         TEXT NOT NULL DEFAULT 'every' CHECK (often IN ('every', 'monthly')),
	paused_until  BIGINT NOT NULL DEFAULT 0,
	look          TEXT NOT NULL DEFAULT '' CHECK (look IN ('', 'plain', 'large')),
	import_id     TEXT NOT NULL DEFAULT '', -- that put them on the list
	source        TEXT NOT NULL DEFAULT '', -- where the file had them from
	UNIQUE (list, address)
);
INSERT INTO subscriptions (id, list, programme, contact_id, address, locale, submission_id, state, asked_at, confirmed_at, ended_at)
	SELECT id, list, programme, contact_id, address, locale, submission_id, state, asked_at, confirmed_at, ended_at FROM subscriptions_before;
DROP TABLE subscriptions_before;
CREATE INDEX subscriptions_by_submission ON subscriptions (submission_id);
CREATE INDEX subscriptions_confirmed ON subscriptions (address) WHERE state = 'confirmed';
CREATE INDEX subscriptions_by_contact ON subscriptions (contact_id);
CREATE INDEX subscriptions_by_import ON subscriptions (import_id, id) WHERE import_id <> '';

CREATE TABLE consents_before AS SELECT * FROM consents;
DROP TABLE consents;
CREATE TABLE consents (
	id            TEXT PRIMARY KEY,
	contact_id    TEXT NOT NULL REFERENCES contacts (id),
	purpose       TEXT NOT NULL,
	wording       TEXT NOT NULL,
	form_version  TEXT NOT NULL,
	submission_id TEXT NOT NULL DEFAULT '', -- '' is not with a form of ours
	given_at      BIGINT NOT NULL,
	confirmed_at  BIGINT NOT NULL DEFAULT 0,
	withdrawn_at  BIGINT NOT NULL DEFAULT 0,
	source        TEXT NOT NULL DEFAULT '' -- how it was given where no page of ours showed the words
);
INSERT INTO consents (id, contact_id, purpose, wording, form_version, submission_id, given_at, confirmed_at, withdrawn_at, source)
	SELECT id, contact_id, purpose, wording, form_version, submission_id, given_at, confirmed_at, withdrawn_at, source FROM consents_before;
DROP TABLE consents_before;
CREATE INDEX consents_by_contact ON consents (contact_id, purpose);

-- An import is for a form or for a list.
ALTER TABLE imports ADD COLUMN list TEXT NOT NULL DEFAULT '';

-- What an import changed of somebody who was on its list already, as it was before.
CREATE TABLE import_changes (
	import_id       TEXT NOT NULL REFERENCES imports (id),
	subscription_id TEXT NOT NULL,
	state           TEXT NOT NULL,
	basis           TEXT NOT NULL,
	confirmed_at    BIGINT NOT NULL,
	PRIMARY KEY (import_id, subscription_id)
);

-- Somebody wants their news at another address. Both mailboxes have to say so.
CREATE TABLE moves (
	id           TEXT PRIMARY KEY,
	from_address TEXT NOT NULL,
	to_address   TEXT NOT NULL,
	locale       TEXT NOT NULL,
	state        TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'refused')),
	asked_at     BIGINT NOT NULL,
	from_at      BIGINT NOT NULL DEFAULT 0, -- when the old address agreed
	to_at        BIGINT NOT NULL DEFAULT 0  -- when the new one did
);
CREATE INDEX moves_by_from ON moves (from_address, asked_at);
CREATE INDEX moves_by_to ON moves (to_address, asked_at);

-- An edition that is for those who asked for one mail a month.
ALTER TABLE campaigns ADD COLUMN round_up BOOLEAN NOT NULL DEFAULT FALSE;
