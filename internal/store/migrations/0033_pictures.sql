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
