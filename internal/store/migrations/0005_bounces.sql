-- How often mail to an address came back that may arrive another day. The
-- version before this one knows nothing of it and works beside it.
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
