-- How a yes was given where no page of ours showed the words: on paper, by phone,
-- or elsewhere before it was imported.
ALTER TABLE consents ADD COLUMN source TEXT NOT NULL DEFAULT '';

-- A file of people who signed up elsewhere, each row an entry into a form.
CREATE TABLE imports (
	id         TEXT PRIMARY KEY,
	form       TEXT NOT NULL,
	file_hash  TEXT NOT NULL,
	made_by    TEXT NOT NULL,
	made_at    BIGINT NOT NULL,
	state      TEXT NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'undone')),
	settled_at BIGINT NOT NULL DEFAULT 0
);
-- The rows that an import adds, written before it adds them: by the key of the
-- submission that a row becomes, which belongs to one import only.
CREATE TABLE import_rows (
	key       TEXT PRIMARY KEY,
	import_id TEXT NOT NULL REFERENCES imports (id),
	line      INTEGER NOT NULL
);
CREATE INDEX import_rows_by_import ON import_rows (import_id, line);
