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

-- When somebody was called last.
CREATE INDEX messages_calling ON messages (address, created_at) WHERE template IN ('safeguarding-alert', 'safeguarding-alerts');

-- Since when a draft is being sent: what another window saves then would be lost.
ALTER TABLE drafts ADD COLUMN sending_at BIGINT NOT NULL DEFAULT 0;
