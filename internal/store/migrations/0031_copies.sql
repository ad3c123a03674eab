-- Copies of newsletters get a ledger of their own: a row of messages keeps a dozen
-- indexes, which a copy needs none of.
CREATE TABLE campaign_parts (
	campaign_id TEXT NOT NULL,
	part        INTEGER NOT NULL,
	first_n     INTEGER NOT NULL,
	last_n      INTEGER NOT NULL,
	copies      INTEGER NOT NULL,
	sent        INTEGER NOT NULL DEFAULT 0,
	waits       BOOLEAN NOT NULL DEFAULT TRUE,
	turn        BIGINT NOT NULL DEFAULT 0,
	journal     TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (campaign_id, part)
);

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
	id              TEXT NOT NULL DEFAULT '',
	message_id      TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (campaign_id, n)
);

-- What is on file moves over, with the ids under which it left. What was being sent
-- when the process ended is not known to have left. A copy that somebody is to phone
-- about stays a message: nothing else points to one.
INSERT INTO copies (campaign_id, n, part, subscription_id, address, locale, discreet, state, reason, created_at, settled_at, id, message_id)
SELECT campaign_id, row_number() OVER (PARTITION BY campaign_id ORDER BY chunk, id), chunk,
       CASE WHEN substr(key, 1, length(campaign_id) + 10) = 'campaign:' || campaign_id || ':' THEN substr(key, length(campaign_id) + 11) ELSE id END,
       address, locale, discreet, CASE WHEN state = 'sending' THEN 'uncertain' ELSE state END,
       CASE WHEN state = 'sending' THEN 'reason.answer_lost' ELSE reason END, created_at,
       CASE WHEN state = 'sending' THEN sending_at ELSE settled_at END, id, message_id
  FROM messages WHERE campaign_id <> '' AND id NOT IN (SELECT message_id FROM calls);

INSERT INTO campaign_parts (campaign_id, part, first_n, last_n, copies, sent, waits)
SELECT campaign_id, part, min(n), max(n), count(*), sum(CASE WHEN state = 'sent' THEN 1 ELSE 0 END),
       sum(CASE WHEN state IN ('queued', 'deferred') THEN 1 ELSE 0 END) > 0
  FROM copies GROUP BY campaign_id, part;

DELETE FROM messages WHERE campaign_id <> '' AND id NOT IN (SELECT message_id FROM calls);
DROP INDEX messages_by_campaign;

-- One copy of an edition for each subscription. Numbers follow subscriptions, so that
-- both grow at their end.
CREATE UNIQUE INDEX copies_by_subscription ON copies (campaign_id, subscription_id);
-- Few are anything but waiting or sent.
CREATE INDEX copies_apart ON copies (state, campaign_id) WHERE state IN ('deferred', 'failed', 'held', 'suppressed', 'uncertain');
CREATE INDEX copies_moved ON copies (id) WHERE id <> '';
CREATE INDEX campaign_parts_waiting ON campaign_parts (campaign_id) WHERE waits;
CREATE INDEX subscriptions_on_list ON subscriptions (list, id) WHERE state = 'confirmed';
