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

-- Who holds the files of a draft: itself, or the page that it was begun from.
ALTER TABLE drafts ADD COLUMN holder TEXT NOT NULL DEFAULT '';
UPDATE drafts SET holder = hash;
CREATE INDEX drafts_by_holder ON drafts (holder) WHERE state = 'open';
