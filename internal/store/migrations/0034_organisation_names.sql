-- An organisation is known by more than one way to write its name, and by what those
-- were called that turned out to be the same.
ALTER TABLE organisations ADD COLUMN merged_into TEXT NOT NULL DEFAULT '';

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

-- Whose people sent something to which programme.
CREATE INDEX submissions_of_organisation ON submissions (organisation_id, programme, area) WHERE organisation_id IS NOT NULL;
