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

-- What somebody has booked or been to, for whoever writes to those.
CREATE INDEX bookings_by_contact ON bookings (contact_id, state) WHERE state IN ('confirmed', 'attended');
