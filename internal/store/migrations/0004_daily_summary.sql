-- What the daily summary looks for, found without reading what is long done.
CREATE INDEX submissions_waiting ON submissions (programme, kind, received_at) WHERE state = 'received';
CREATE INDEX sessions_by_start ON sessions (starts_at);
CREATE INDEX messages_gone_wrong ON messages (state, settled_at) WHERE state IN ('failed', 'uncertain');
CREATE INDEX messages_only_watched ON messages (reason, settled_at) WHERE reason = 'reason.watch';
