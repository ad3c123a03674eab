-- Everything that is on file, as the migrations leave it: the one place to read
-- the schema. A new database is made from this at once; a test holds it against
-- the migrations, replayed from the first. Whoever adds a migration changes this
-- as well. One text for SQLite and PostgreSQL. Ids are UUIDv7 text, times are
-- Unix microseconds, columns that end in _sealed hold what internal/seal locked.

CREATE TABLE organisations (
	id         TEXT PRIMARY KEY,
	name       TEXT NOT NULL,
	name_key   TEXT NOT NULL UNIQUE,
	created_at BIGINT NOT NULL,
	merged_into TEXT NOT NULL DEFAULT '' -- id of the organisation that it is the same as
);

-- Names as internal/store/groups.go folds them. Of two that happen at once the first
-- has the name.
CREATE TABLE organisation_names (
	name_key        TEXT PRIMARY KEY,
	organisation_id TEXT NOT NULL
);
CREATE INDEX organisation_names_by_organisation ON organisation_names (organisation_id);

-- The beginnings of words by which names are alike.
CREATE TABLE organisation_words (
	word            TEXT NOT NULL,
	organisation_id TEXT NOT NULL,
	PRIMARY KEY (word, organisation_id)
);
CREATE INDEX organisation_words_by_organisation ON organisation_words (organisation_id);

-- Two that may be one, until a person has said.
CREATE TABLE organisation_doubts (
	organisation_id TEXT NOT NULL,             -- that came later
	other_id        TEXT NOT NULL,
	found_at        BIGINT NOT NULL,
	settled_at      BIGINT NOT NULL DEFAULT 0, -- somebody has said that they are two
	settled_by      TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (organisation_id, other_id)
);
CREATE INDEX organisation_doubts_by_other ON organisation_doubts (other_id);
CREATE INDEX organisation_doubts_open ON organisation_doubts (found_at) WHERE settled_at = 0;

CREATE TABLE contacts (
	id         TEXT PRIMARY KEY,
	name       TEXT NOT NULL,
	name_key   TEXT NOT NULL,
	phone      TEXT NOT NULL DEFAULT '',
	locale     TEXT NOT NULL DEFAULT '',
	reach      TEXT NOT NULL DEFAULT 'email' CHECK (reach IN ('email', 'phone', 'post', 'trusted_person')),
	discreet   BOOLEAN NOT NULL DEFAULT FALSE,
	created_at BIGINT NOT NULL,
	merged_into TEXT NOT NULL DEFAULT '', -- the contact that is the same person, who has everything of theirs
	by_phone_sealed BYTEA -- whether a message may be left, and whom they trust to be reached through
);
CREATE INDEX contacts_by_phone ON contacts (phone, name_key) WHERE phone <> '';

-- An address may be shared: a household, a carer, info@.
CREATE TABLE addresses (
	address    TEXT PRIMARY KEY,
	state      TEXT NOT NULL DEFAULT 'ok' CHECK (state IN ('ok', 'dead')),
	mailed_at  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX addresses_dead ON addresses (address) WHERE state = 'dead';

-- One row a number, locked while the contact who has it is looked for.
CREATE TABLE phones (
	phone TEXT PRIMARY KEY
);

CREATE TABLE contact_addresses (
	contact_id TEXT NOT NULL REFERENCES contacts (id),
	address    TEXT NOT NULL REFERENCES addresses (address),
	added_at   BIGINT NOT NULL,
	name_key   TEXT NOT NULL DEFAULT '', -- of the contact
	PRIMARY KEY (contact_id, address)
);
CREATE INDEX contact_addresses_by_address ON contact_addresses (address, name_key);

CREATE TABLE contact_organisations (
	contact_id      TEXT NOT NULL REFERENCES contacts (id),
	organisation_id TEXT NOT NULL REFERENCES organisations (id),
	added_at        BIGINT NOT NULL,
	PRIMARY KEY (contact_id, organisation_id)
);
CREATE INDEX contact_organisations_by_organisation ON contact_organisations (organisation_id, contact_id);

-- What a form asked, word for word, when somebody filled it in.
CREATE TABLE form_versions (
	version    TEXT PRIMARY KEY,
	programme  TEXT NOT NULL,
	form       TEXT NOT NULL,
	snapshot   TEXT NOT NULL,
	first_seen BIGINT NOT NULL
);

CREATE TABLE submissions (
	id              TEXT PRIMARY KEY,
	reference       TEXT NOT NULL UNIQUE,
	idempotency_key TEXT NOT NULL UNIQUE,
	natural_key     TEXT NOT NULL,
	programme       TEXT NOT NULL,
	form            TEXT NOT NULL,
	form_version    TEXT NOT NULL REFERENCES form_versions (version),
	kind            TEXT NOT NULL,
	channel         TEXT NOT NULL CHECK (channel IN ('web', 'letter', 'api', 'import', 'phone', 'paper')),
	contact_id      TEXT NOT NULL REFERENCES contacts (id),
	organisation_id TEXT REFERENCES organisations (id),
	address         TEXT NOT NULL DEFAULT '',
	locale          TEXT NOT NULL,
	area            TEXT NOT NULL DEFAULT '',
	answers_sealed  BYTEA NOT NULL,
	state           TEXT NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'held', 'answered', 'closed')),
	received_at     BIGINT NOT NULL,
	answered_at     BIGINT NOT NULL DEFAULT 0,
	mailbox         TEXT NOT NULL DEFAULT '', -- it came to, by letter
	letter_id       TEXT NOT NULL DEFAULT '', -- that began it
	open_fields     TEXT NOT NULL DEFAULT '', -- questions the letter left open, with commas between
	locale_guessed  BOOLEAN NOT NULL DEFAULT FALSE,
	assigned_to     TEXT NOT NULL DEFAULT '', -- name of a colleague; '' is whoever looks after the programme
	snoozed_until   BIGINT NOT NULL DEFAULT 0,
	wrote_again     BOOLEAN NOT NULL DEFAULT FALSE -- the person did, after this
);
-- Whose people sent something to which programme.
CREATE INDEX submissions_of_organisation ON submissions (organisation_id, programme, area) WHERE organisation_id IS NOT NULL;
-- The same person sending the same answers again, while the first still waits.
CREATE UNIQUE INDEX submissions_natural ON submissions (natural_key) WHERE state IN ('received', 'held');
CREATE INDEX submissions_by_time ON submissions (programme, received_at);
CREATE INDEX submissions_by_contact ON submissions (contact_id, received_at, id);
-- What the figures of a year are counted from, without reading the submissions.
CREATE INDEX submissions_figures ON submissions (received_at, programme, kind, locale);
-- What the desk lists beside those that wait: the held ones, and the settled ones
-- with all that the list can be narrowed by, so that going through many of them
-- reads nothing but this index.
CREATE INDEX submissions_held ON submissions (programme, state, received_at) WHERE state = 'held';
CREATE INDEX submissions_answered ON submissions (programme, state, received_at, id, kind, form, area, locale, assigned_to) WHERE state = 'answered';
CREATE INDEX submissions_again ON submissions (programme, received_at, id, state, kind, form, area, locale, assigned_to, snoozed_until, open_fields, letter_id) WHERE wrote_again;
-- What came in another language than English: few among many mostly, and looked for
-- one language at a time. What is in English costs nothing here.
CREATE INDEX submissions_tongues ON submissions (programme, state, locale, received_at, id, kind, form, area, assigned_to, snoozed_until) WHERE locale <> 'en';
-- What was given to somebody by name.
CREATE INDEX submissions_given ON submissions (assigned_to, programme, state, received_at, id, kind, form, area, locale, snoozed_until) WHERE assigned_to <> '';
CREATE INDEX submissions_closed ON submissions (programme, state, received_at, id, kind, form, area, locale, assigned_to) WHERE state = 'closed';

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
CREATE INDEX consents_by_contact ON consents (contact_id, purpose);

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
CREATE INDEX subscriptions_on_list ON subscriptions (list, id) WHERE state = 'confirmed';
CREATE INDEX subscriptions_by_submission ON subscriptions (submission_id);
CREATE INDEX subscriptions_by_contact ON subscriptions (contact_id);
CREATE INDEX subscriptions_by_import ON subscriptions (import_id, id) WHERE import_id <> '';

CREATE TABLE forum_members (
	forum           TEXT NOT NULL,
	contact_id      TEXT NOT NULL REFERENCES contacts (id),
	organisation_id TEXT REFERENCES organisations (id),
	submission_id   TEXT NOT NULL REFERENCES submissions (id),
	joined_at       BIGINT NOT NULL,
	PRIMARY KEY (forum, contact_id)
);

-- A letter is raw first: it is on file before anybody tries to read it.
CREATE TABLE letters (
	id            TEXT PRIMARY KEY,
	raw_hash      TEXT NOT NULL UNIQUE,
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
	settled_at    BIGINT NOT NULL DEFAULT 0,
	snoozed_until BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX letters_by_batch ON letters (batch, id) WHERE state = 'received';
CREATE INDEX letters_by_message_id ON letters (message_id) WHERE message_id <> '';
CREATE INDEX letters_by_submission ON letters (submission_id);
CREATE UNIQUE INDEX letters_by_reference ON letters (reference) WHERE reference <> '';
CREATE INDEX letters_by_address ON letters (address, received_at) WHERE folder = 'inbox';
CREATE INDEX letters_triages ON letters (received_at, id, reference, mailbox, assigned_to, reason, snoozed_until) WHERE state = 'triage';
CREATE INDEX letters_staff_answers ON letters (settled_at) WHERE reason = 'staff_answer';
CREATE INDEX letters_added ON letters (submission_id, received_at) WHERE reason = 'added' AND state = 'done';

CREATE TABLE events (
	id         TEXT PRIMARY KEY,
	programme  TEXT NOT NULL,
	name       TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	UNIQUE (programme, name)
);

-- version is raised to lock the row: every change to a session's bookings
-- begins there, on both engines alike.
CREATE TABLE sessions (
	id        TEXT PRIMARY KEY,
	event_id  TEXT NOT NULL REFERENCES events (id),
	name      TEXT NOT NULL,
	starts_at BIGINT NOT NULL,
	ends_at   BIGINT NOT NULL,
	venue     TEXT NOT NULL DEFAULT '',
	capacity  INTEGER,
	version   BIGINT NOT NULL DEFAULT 0,
	moves     INTEGER NOT NULL DEFAULT 0,
	UNIQUE (event_id, name)
);

CREATE TABLE bookings (
	id            TEXT PRIMARY KEY,
	session_id    TEXT NOT NULL REFERENCES sessions (id),
	contact_id    TEXT NOT NULL REFERENCES contacts (id),
	submission_id TEXT NOT NULL REFERENCES submissions (id),
	party         INTEGER NOT NULL CHECK (party > 0),
	counts        BOOLEAN NOT NULL DEFAULT TRUE,
	state         TEXT NOT NULL CHECK (state IN ('confirmed', 'waiting', 'held', 'cancelled', 'expired', 'attended')),
	queued_at     BIGINT NOT NULL,
	held_until    BIGINT NOT NULL DEFAULT 0,
	epoch         INTEGER NOT NULL DEFAULT 0,
	CHECK ((state = 'held') = (held_until > 0))
);
CREATE UNIQUE INDEX bookings_one_a_person ON bookings (session_id, contact_id) WHERE state IN ('confirmed', 'waiting', 'held');
CREATE INDEX bookings_by_session ON bookings (session_id, state);
CREATE INDEX bookings_by_submission ON bookings (submission_id);
-- What somebody has booked or been to, for whoever writes to those.
CREATE INDEX bookings_by_contact ON bookings (contact_id, state) WHERE state IN ('confirmed', 'attended');

CREATE TABLE runs (
	id            TEXT PRIMARY KEY,
	programme     TEXT NOT NULL,
	form          TEXT NOT NULL,
	submission_id TEXT NOT NULL UNIQUE REFERENCES submissions (id),
	contact_id    TEXT NOT NULL REFERENCES contacts (id),
	created_at    BIGINT NOT NULL
);

CREATE TABLE steps (
	id         TEXT PRIMARY KEY,
	run_id     TEXT NOT NULL REFERENCES runs (id),
	name       TEXT NOT NULL,
	occurrence TEXT NOT NULL DEFAULT '',
	state      TEXT NOT NULL CHECK (state IN ('planned', 'done', 'skipped', 'cancelled')),
	reason     TEXT NOT NULL DEFAULT '',
	due_at     BIGINT NOT NULL,
	settled_at BIGINT NOT NULL DEFAULT 0,
	promised_for BIGINT NOT NULL DEFAULT 0,
	UNIQUE (run_id, name, occurrence)
);
CREATE INDEX steps_due ON steps (due_at) WHERE state = 'planned';
CREATE INDEX steps_promised ON steps (run_id) WHERE state = 'planned';

CREATE TABLE messages (
	id            TEXT PRIMARY KEY,
	key           TEXT NOT NULL UNIQUE,
	message_id    TEXT NOT NULL UNIQUE,
	programme     TEXT NOT NULL DEFAULT '',
	form          TEXT NOT NULL DEFAULT '',
	submission_id TEXT NOT NULL DEFAULT '',
	contact_id    TEXT NOT NULL DEFAULT '',
	about         TEXT NOT NULL DEFAULT '',
	address       TEXT NOT NULL DEFAULT '',
	template      TEXT NOT NULL DEFAULT '',
	data_sealed   BYTEA,
	raw_sealed    BYTEA,
	locale        TEXT NOT NULL,
	class         TEXT NOT NULL CHECK (class IN ('service', 'marketing')),
	lane          TEXT NOT NULL CHECK (lane IN ('urgent', 'confirm', 'followup', 'digest', 'bulk', 'inbound')),
	discreet      BOOLEAN NOT NULL DEFAULT FALSE,
	in_reply_to   TEXT NOT NULL DEFAULT '',
	refs          TEXT NOT NULL DEFAULT '',
	state         TEXT NOT NULL DEFAULT 'queued' CHECK (state IN
		('queued', 'deferred', 'sending', 'sent', 'failed', 'suppressed', 'held', 'uncertain')),
	reason        TEXT NOT NULL DEFAULT '',
	doubts        INTEGER NOT NULL DEFAULT 0,
	turn          BIGINT NOT NULL DEFAULT 0,
	created_at    BIGINT NOT NULL,
	sending_at    BIGINT NOT NULL DEFAULT 0,
	settled_at    BIGINT NOT NULL DEFAULT 0,
	sender        TEXT NOT NULL DEFAULT '', -- where that is not the organisation's own address
	letter_id     TEXT NOT NULL DEFAULT '', -- that it answers
	campaign_id   TEXT NOT NULL DEFAULT '', -- of no use since copies have a table
	chunk         INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX messages_of_form ON messages (address, sending_at) WHERE form <> '';
-- What a form owes to an address, whether it has left or not.
CREATE INDEX messages_owed_by_form ON messages (address, created_at) WHERE form <> '' AND contact_id <> '';
-- What anybody can have sent to any address, so that it is counted without reading
-- all mail.
CREATE INDEX messages_asked ON messages (address, created_at) WHERE template IN ('finish-later', 'guardian-ask');

-- When somebody was called last.
CREATE INDEX messages_calling ON messages (address, created_at) WHERE template IN ('safeguarding-alert', 'safeguarding-alerts');
-- With the state, or SQLite would rather read every message in that state.
CREATE INDEX messages_about_submission ON messages (submission_id, state) WHERE submission_id <> '';
CREATE INDEX messages_by_state ON messages (state, id);
CREATE INDEX messages_sent ON messages (sending_at) WHERE sending_at > 0;
-- Mail to a person, the newest first. Copies of newsletters are found by their lists.
CREATE INDEX messages_by_contact ON messages (contact_id, id) WHERE campaign_id = '' AND contact_id <> '';

-- due -> handed -> running -> done, due again, or dead.
CREATE TABLE jobs (
	id           TEXT PRIMARY KEY,
	kind         TEXT NOT NULL,
	subject      TEXT NOT NULL,
	lane         TEXT NOT NULL CHECK (lane IN ('urgent', 'confirm', 'followup', 'digest', 'bulk', 'inbound')),
	state        TEXT NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'handed', 'running', 'done', 'dead')),
	turn         BIGINT NOT NULL DEFAULT 0,
	tries        INTEGER NOT NULL DEFAULT 0,
	due_at       BIGINT NOT NULL,
	handed_by    TEXT NOT NULL DEFAULT '',
	handed_until BIGINT NOT NULL DEFAULT 0,
	held_by      TEXT NOT NULL DEFAULT '',
	leased_until BIGINT NOT NULL DEFAULT 0,
	reason       TEXT NOT NULL DEFAULT '',
	created_at   BIGINT NOT NULL,
	settled_at   BIGINT NOT NULL DEFAULT 0,
	UNIQUE (kind, subject)
);
CREATE INDEX jobs_due ON jobs (lane, due_at) WHERE state = 'due';
CREATE INDEX jobs_handed ON jobs (lane, handed_by) WHERE state = 'handed';
CREATE INDEX jobs_running ON jobs (leased_until) WHERE state = 'running';
CREATE INDEX jobs_dead ON jobs (settled_at) WHERE state = 'dead';

-- Only ever added to; an end is a date, not a deletion, and it always wins.
CREATE TABLE suppressions (
	id        TEXT PRIMARY KEY,
	address   TEXT NOT NULL,
	scope     TEXT NOT NULL CHECK (scope IN ('all', 'marketing')),
	reason    TEXT NOT NULL,
	placed_at BIGINT NOT NULL,
	lifted_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX suppressions_by_address ON suppressions (address) WHERE lifted_at = 0;

CREATE TABLE holds (
	id            TEXT PRIMARY KEY,
	submission_id TEXT NOT NULL REFERENCES submissions (id),
	reason        TEXT NOT NULL,
	placed_at     BIGINT NOT NULL,
	released_at   BIGINT NOT NULL DEFAULT 0,
	released_by   TEXT NOT NULL DEFAULT ''
);
CREATE INDEX holds_open ON holds (submission_id) WHERE released_at = 0;

CREATE TABLE calls (
	id            TEXT PRIMARY KEY,
	message_id    TEXT NOT NULL UNIQUE REFERENCES messages (id),
	contact_id    TEXT NOT NULL,
	submission_id TEXT NOT NULL DEFAULT '',
	reason        TEXT NOT NULL,
	state         TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done')),
	created_at    BIGINT NOT NULL,
	done_at       BIGINT NOT NULL DEFAULT 0,
	assigned_to   TEXT NOT NULL DEFAULT '', -- name of a colleague; '' is whoever looks after what it is about
	snoozed_until BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX calls_open ON calls (created_at) WHERE state = 'open';
CREATE INDEX calls_by_contact ON calls (contact_id, created_at);

-- How often something was done that strangers can cause, by the beginning of the
-- hour.
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

-- Who did what to what, without content.
CREATE TABLE audit (
	id      TEXT PRIMARY KEY,
	at      BIGINT NOT NULL,
	actor   TEXT NOT NULL,
	action  TEXT NOT NULL,
	subject TEXT NOT NULL
);
CREATE INDEX audit_by_subject ON audit (subject, at);
CREATE INDEX audit_by_actor ON audit (actor, at);

-- Duties that one process at a time may hold, such as the scheduler's.
CREATE TABLE leases (
	name         TEXT PRIMARY KEY,
	held_by      TEXT NOT NULL,
	leased_until BIGINT NOT NULL
);

-- The bytes of a letter, apart from what is known of it: SQLite writes a whole
-- row when one column changes.
CREATE TABLE letter_bytes (
	letter_id TEXT PRIMARY KEY REFERENCES letters (id),
	sealed    BYTEA NOT NULL
);

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
	wanted      BOOLEAN NOT NULL DEFAULT FALSE, -- only a part is on file, and a person wants the whole
	PRIMARY KEY (mailbox, folder, uidvalidity, uid)
);
CREATE INDEX deliveries_by_letter ON deliveries (letter_id);
CREATE INDEX deliveries_wanted ON deliveries (mailbox, folder, uidvalidity, uid) WHERE wanted;

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

CREATE INDEX messages_answers ON messages (sending_at) WHERE letter_id <> '';

-- One edition of a newsletter. Its copies are in copies; key makes
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
	settled_at BIGINT NOT NULL DEFAULT 0,
	round_up   BOOLEAN NOT NULL DEFAULT FALSE -- it is for those who asked for one mail a month
);

-- What an edition says in other languages than its first.
CREATE TABLE campaign_texts (
	campaign_id TEXT NOT NULL REFERENCES campaigns (id),
	locale      TEXT NOT NULL,
	subject     TEXT NOT NULL,
	markdown    TEXT NOT NULL,
	PRIMARY KEY (campaign_id, locale)
);

-- Who of the list gets it: conditions, as JSON. A campaign without a row is for
-- everybody.
CREATE TABLE campaign_audiences (
	campaign_id TEXT PRIMARY KEY REFERENCES campaigns (id),
	audience    TEXT NOT NULL
);

-- The pictures in editions. A name is made of what is in the picture, and is in the
-- address that everybody can ask for.
CREATE TABLE pictures (
	name     TEXT PRIMARY KEY,
	data     BYTEA NOT NULL,
	added_at BIGINT NOT NULL
);

-- Which of them an edition shows, and what each was called beside its file.
CREATE TABLE campaign_pictures (
	campaign_id TEXT NOT NULL REFERENCES campaigns (id),
	file        TEXT NOT NULL,
	name        TEXT NOT NULL REFERENCES pictures (name),
	PRIMARY KEY (campaign_id, file)
);
CREATE INDEX campaign_pictures_by_name ON campaign_pictures (name);

-- How an edition comes to be sent: who wrote it, who agreed, when it is to leave, and
-- what was told of it. What an older version
-- started has no row.
CREATE TABLE campaign_lives (
	campaign_id    TEXT PRIMARY KEY,
	source         TEXT NOT NULL DEFAULT '', -- the file, as somebody wrote it
	author         TEXT NOT NULL DEFAULT '',
	digest         TEXT NOT NULL DEFAULT '', -- of the list and the words: what an approval is for
	approved_by    TEXT NOT NULL DEFAULT '',
	approved_at    BIGINT NOT NULL DEFAULT 0,
	starts_local   TEXT NOT NULL DEFAULT '', -- what a clock on the wall shows then
	zone           TEXT NOT NULL DEFAULT '', -- where that clock hangs (IANA)
	starts_at      BIGINT NOT NULL DEFAULT 0,
	not_later_than BIGINT NOT NULL DEFAULT 0,
	late_at        BIGINT NOT NULL DEFAULT 0, -- when it was too late to begin, and somebody was asked
	began_at       BIGINT NOT NULL DEFAULT 0,
	rests_since    BIGINT NOT NULL DEFAULT 0, -- while it is paused
	rested_us      BIGINT NOT NULL DEFAULT 0, -- how long it was paused before
	settled        INTEGER NOT NULL DEFAULT 0, -- copies, when somebody last looked
	moved_at       BIGINT NOT NULL DEFAULT 0, -- when that was last another number
	stuck_at       BIGINT NOT NULL DEFAULT 0, -- when somebody was told that nothing moves
	reported_at    BIGINT NOT NULL DEFAULT 0, -- when its author was told the figures
	left_of        TEXT NOT NULL DEFAULT ''   -- the edition whose copies did not arrive
);
CREATE INDEX campaigns_by_state ON campaigns (state, id);
CREATE INDEX campaigns_by_list ON campaigns (list, id) WHERE state = 'sent';

-- Exactly whom an edition is for that goes to those whom another did not reach.
CREATE TABLE campaign_left (
	campaign_id     TEXT NOT NULL,
	subscription_id TEXT NOT NULL,
	chunk           INTEGER NOT NULL DEFAULT 0, -- the part that their copy is in; 0 has none yet
	PRIMARY KEY (campaign_id, subscription_id)
);

-- Copies that somebody called junk, as their mail provider told us: shown beside the
-- account, which says what left.
CREATE TABLE campaign_complaints (
	campaign_id TEXT NOT NULL,
	message_id  TEXT NOT NULL,
	at          BIGINT NOT NULL,
	PRIMARY KEY (campaign_id, message_id)
);

-- Some copies of an edition, which one job sends. While a turn of that job sends
-- them, turn and journal say who knows what left: the rows of the copies do not.
CREATE TABLE campaign_parts (
	campaign_id TEXT NOT NULL,
	part        INTEGER NOT NULL,
	first_n     INTEGER NOT NULL,
	last_n      INTEGER NOT NULL,
	copies      INTEGER NOT NULL,
	sent        INTEGER NOT NULL DEFAULT 0,
	waits       BOOLEAN NOT NULL DEFAULT TRUE, -- some are queued or deferred
	turn        BIGINT NOT NULL DEFAULT 0,     -- of the job, that sends them; 0 is none
	journal     TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (campaign_id, part)
);
CREATE INDEX campaign_parts_waiting ON campaign_parts (campaign_id) WHERE waits;

-- The copies of editions: one for each subscription, numbered in that order.
CREATE TABLE copies (
	campaign_id     TEXT NOT NULL,
	n               INTEGER NOT NULL,
	part            INTEGER NOT NULL,
	subscription_id TEXT NOT NULL,
	address         TEXT NOT NULL,
	locale          TEXT NOT NULL,
	discreet        BOOLEAN NOT NULL DEFAULT FALSE,
	state           TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'deferred', 'sent', 'failed', 'suppressed', 'held', 'uncertain')),
	reason          TEXT NOT NULL DEFAULT '',
	tries           INTEGER NOT NULL DEFAULT 0,
	due_at          BIGINT NOT NULL DEFAULT 0,
	created_at      BIGINT NOT NULL,
	settled_at      BIGINT NOT NULL DEFAULT 0,
	id              TEXT NOT NULL DEFAULT '', -- and the next: only of those that were messages once
	message_id      TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (campaign_id, n)
);
CREATE UNIQUE INDEX copies_by_subscription ON copies (campaign_id, subscription_id);
-- Few are anything but waiting or sent.
CREATE INDEX copies_apart ON copies (state, campaign_id) WHERE state IN ('deferred', 'failed', 'held', 'suppressed', 'uncertain');
CREATE INDEX copies_moved ON copies (id) WHERE id <> '';

-- Each coordinator's summary of each day, once: sent as a message, or quiet.
CREATE TABLE digests (
	coordinator TEXT NOT NULL,
	day         TEXT NOT NULL,
	outcome     TEXT NOT NULL CHECK (outcome IN ('sent', 'quiet', 'calm')),
	message_id  TEXT NOT NULL DEFAULT '',
	made_at     BIGINT NOT NULL,
	waiting     INTEGER NOT NULL DEFAULT 0, -- how much of what waits was in it
	unheard     BOOLEAN NOT NULL DEFAULT FALSE, -- with it others were told that nobody acts
	PRIMARY KEY (coordinator, day)
);
CREATE INDEX digests_by_message ON digests (message_id) WHERE message_id <> '';

-- What the desk and the daily summary look for, found without reading what is long
-- done: what was received, by kind, because sign-ups stay so for ever and questions
-- do not, with all that a list of it can be narrowed by; letters that left questions open, dates, and mail that
-- went wrong or would have been sent.
CREATE INDEX submissions_waiting ON submissions (programme, kind, received_at, id, form, area, locale, assigned_to, snoozed_until) WHERE state = 'received';
CREATE INDEX submissions_by_share ON submissions (programme, kind, assigned_to, area, received_at, snoozed_until, form) WHERE state = 'received';
CREATE INDEX submissions_unfinished ON submissions (programme, received_at) WHERE open_fields <> '';
CREATE INDEX sessions_by_start ON sessions (starts_at);
CREATE INDEX messages_gone_wrong ON messages (state, settled_at) WHERE state IN ('failed', 'uncertain');
CREATE INDEX messages_only_watched ON messages (reason, settled_at) WHERE reason = 'reason.watch';

-- How often mail to an address came back that may arrive another day.
CREATE TABLE bounces (
	address  TEXT PRIMARY KEY,
	score    INTEGER NOT NULL,
	risen_at BIGINT NOT NULL,          -- since when nothing came back
	risen_on TEXT NOT NULL,            -- the day of that, in the organisation's zone
	probe_id TEXT NOT NULL DEFAULT ''  -- the message that asks whether mail arrives, while news rests
);
CREATE INDEX bounces_probed ON bounces (probe_id) WHERE probe_id <> '';
-- Whether anybody at an address gets news.
CREATE INDEX subscriptions_confirmed ON subscriptions (address) WHERE state = 'confirmed';

-- Refresh tokens that a provider gave in place of the one in the settings.
CREATE TABLE tokens (
	account TEXT PRIMARY KEY, -- which login of the settings, as a hash
	sealed  BYTEA NOT NULL,   -- the newest refresh token
	used_at BIGINT NOT NULL   -- when the one before it was used
);

-- Letters that were erased, by the hash of their bytes, so that none of them is
-- filed again from a mailbox in which it still lies.
CREATE TABLE tombstones (
	raw_hash  TEXT PRIMARY KEY,
	erased_at BIGINT NOT NULL
);

-- What coordinators have said about letters like one that they looked at. A rule
-- that is removed keeps its number and who made it, and forgets whom it was about.
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

-- Who works at the desk. Coordinators of the settings file are put here when
-- they are first seen.
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
	left_at    BIGINT NOT NULL DEFAULT 0,
	at_desk    BOOLEAN NOT NULL DEFAULT FALSE    -- they were changed at the desk, and follow the file no more
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

-- A request to sign in, by the hash of what is in its link. It is kept whoever
-- asked, so that nobody can tell by what follows whether an address belongs to a
-- colleague.
CREATE TABLE signin_links (
	hash       TEXT PRIMARY KEY,                 -- of what is in the link
	colleague  TEXT NOT NULL DEFAULT '',         -- '' is nobody: it opens nothing, and no mail was owed
	who        TEXT NOT NULL DEFAULT '',         -- the address, blinded
	net        TEXT NOT NULL DEFAULT '',         -- the network that asked, blinded
	browser    TEXT NOT NULL DEFAULT '',         -- hash of the cookie of the browser that asked; '' is any browser
	code       TEXT NOT NULL DEFAULT '',         -- the short code, blinded; '' is none
	tries      INTEGER NOT NULL DEFAULT 0,       -- codes that were typed
	many       BOOLEAN NOT NULL DEFAULT FALSE,   -- it works more than once
	next       TEXT NOT NULL DEFAULT '',         -- path of the page that was wanted
	asked_at   BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	used_at    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX signin_links_by_time ON signin_links (asked_at);
CREATE INDEX signin_links_by_colleague ON signin_links (colleague, asked_at);
CREATE INDEX signin_links_by_who ON signin_links (who, asked_at);
CREATE INDEX signin_links_by_browser ON signin_links (browser, asked_at);

-- The browsers in which somebody has signed in before, by the hash of their cookie.
CREATE TABLE signin_browsers (
	colleague TEXT NOT NULL,
	browser   TEXT NOT NULL,
	first_at  BIGINT NOT NULL,
	PRIMARY KEY (colleague, browser)
);

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

-- Who asked for the link to all that an address has with us, whether or not we know
-- the address. It is looked at by a job, so that nobody can tell which it was.
CREATE TABLE link_requests (
	id             TEXT PRIMARY KEY,             -- the address and ten minutes, blinded: asking twice is asking once
	who            TEXT NOT NULL,                -- the address, blinded
	address_sealed BYTEA,                        -- taken away once it was looked at
	locale         TEXT NOT NULL,
	asked_at       BIGINT NOT NULL,
	mailed         BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX link_requests_by_who ON link_requests (who, asked_at);
CREATE INDEX link_requests_by_time ON link_requests (asked_at);

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
	risen         INTEGER NOT NULL DEFAULT 0,    -- the highest stage since it was raised: whoever was called may look
	UNIQUE (kind, subject)
);
CREATE INDEX alarms_unopened ON alarms (next_at) WHERE opened_at = 0 AND closed_at = 0;

-- Of which alarms a colleague hears together, because they were called about
-- another a moment before.
CREATE TABLE alarm_calls (
	key      TEXT PRIMARY KEY,                -- of the mail, had it been sent alone
	alarm_id TEXT NOT NULL,
	address  TEXT NOT NULL,                   -- of the colleague who is called
	locale   TEXT NOT NULL,
	due_at   BIGINT NOT NULL,                 -- when they hear of all of them
	told_at  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX alarm_calls_owed ON alarm_calls (address, due_at) WHERE told_at = 0;
CREATE INDEX alarm_calls_of ON alarm_calls (alarm_id);

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

-- What contacts and organisations are found by: names, addresses and phone
-- numbers, as words that internal/store/words.go has cut and folded, with spaces
-- between. Never anything of what is sealed.
-- only: sqlite
CREATE TABLE finds (
	num   INTEGER PRIMARY KEY, -- counted up: the newest has the highest
	kind  TEXT NOT NULL CHECK (kind IN ('contact', 'organisation')),
	id    TEXT NOT NULL,
	words TEXT NOT NULL,
	UNIQUE (kind, id)
);
-- only: postgres
CREATE TABLE finds (
	num   INTEGER GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	kind  TEXT NOT NULL CHECK (kind IN ('contact', 'organisation')),
	id    TEXT NOT NULL,
	words TEXT NOT NULL,
	UNIQUE (kind, id)
);
-- The words need no parser any more: both engines split them at the spaces only.
-- What the function is said to cost keeps PostgreSQL, which cannot guess how many
-- words begin in a way, from reading everybody instead of the index.
-- only: postgres
CREATE FUNCTION finds_vector(words TEXT) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 10000 AS 'BEGIN RETURN array_to_tsvector(string_to_array(words, '' '')); END';
-- only: postgres
CREATE INDEX finds_by_words ON finds USING gin (finds_vector(words));
-- only: sqlite
CREATE VIRTUAL TABLE finds_index USING fts5 (words, content = 'finds', content_rowid = 'num', tokenize = 'ascii', prefix = '2 3', detail = 'none', columnsize = 0);
-- What is erased is gone from the index as well, at once.
-- only: sqlite
INSERT INTO finds_index (finds_index, rank) VALUES ('secure-delete', 1);
-- only: sqlite
CREATE TRIGGER finds_added AFTER INSERT ON finds BEGIN INSERT INTO finds_index (rowid, words) VALUES (new.num, new.words); END;
-- only: sqlite
CREATE TRIGGER finds_gone AFTER DELETE ON finds BEGIN INSERT INTO finds_index (finds_index, rowid, words) VALUES ('delete', old.num, old.words); END;
-- only: sqlite
CREATE TRIGGER finds_changed AFTER UPDATE OF words ON finds WHEN old.words <> new.words BEGIN INSERT INTO finds_index (finds_index, rowid, words) VALUES ('delete', old.num, old.words); INSERT INTO finds_index (rowid, words) VALUES (new.num, new.words); END;

-- A file of people who signed up elsewhere, each row an entry into a form.
CREATE TABLE imports (
	id         TEXT PRIMARY KEY,
	form       TEXT NOT NULL,
	file_hash  TEXT NOT NULL,
	made_by    TEXT NOT NULL,
	made_at    BIGINT NOT NULL,
	state      TEXT NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'undone')),
	settled_at BIGINT NOT NULL DEFAULT 0,
	list       TEXT NOT NULL DEFAULT '' -- an import is for a form or for a list
);
-- The rows that an import adds, written before it adds them: by the key of the
-- submission that a row becomes, which belongs to one import only.
CREATE TABLE import_rows (
	key       TEXT PRIMARY KEY,
	import_id TEXT NOT NULL REFERENCES imports (id),
	line      INTEGER NOT NULL
);
CREATE INDEX import_rows_by_import ON import_rows (import_id, line);
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
	touched_at  BIGINT NOT NULL,
	holder      TEXT NOT NULL DEFAULT '',        -- of its files: itself, or the page that it was begun from
	sending_at  BIGINT NOT NULL DEFAULT 0        -- since when it is being sent: what is saved then would be lost
);
CREATE INDEX drafts_touched ON drafts (touched_at);
CREATE INDEX drafts_by_holder ON drafts (holder) WHERE state = 'open';

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

-- Photos and documents that came with forms, sealed. Until a form is sent they
-- belong to its holder: the page it was shown on, or the draft. What nobody sends
-- is deleted a day later, or with the draft.
CREATE TABLE files (
	id          TEXT PRIMARY KEY,
	holder      TEXT NOT NULL,                 -- hash of what stands in the page or in the address of the draft
	field       TEXT NOT NULL,
	facts_sealed BYTEA NOT NULL,               -- its name and the hash of its content
	type        TEXT NOT NULL,                 -- told from its content
	size        BIGINT NOT NULL,
	hash        TEXT NOT NULL,                 -- blinded: the same file on the same page is one
	sent        BOOLEAN NOT NULL DEFAULT FALSE,
	created_at  BIGINT NOT NULL,
	sealed      BYTEA NOT NULL,
	UNIQUE (holder, field, hash)
);
CREATE INDEX files_unsent ON files (created_at) WHERE sent = FALSE;

-- Which submissions a file came with: two, where somebody sent the same page again
-- with other answers.
CREATE TABLE submission_files (
	submission_id TEXT NOT NULL REFERENCES submissions (id),
	file_id       TEXT NOT NULL REFERENCES files (id),
	PRIMARY KEY (submission_id, file_id)
);
CREATE INDEX submission_files_by_file ON submission_files (file_id);

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

-- Tokens with which programs of the organisation ask for what the API does.
CREATE TABLE api_tokens (
	id         TEXT PRIMARY KEY,
	name       TEXT NOT NULL,
	hash       TEXT NOT NULL UNIQUE, -- of what the program shows, which is not on file
	scopes     TEXT NOT NULL,        -- with a blank between two
	list       TEXT NOT NULL DEFAULT '',
	made_by    TEXT NOT NULL,
	made_at    BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	used_on    BIGINT NOT NULL DEFAULT 0, -- the day
	revoked_at BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX api_tokens_working ON api_tokens (name) WHERE revoked_at = 0;
