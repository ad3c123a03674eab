-- How much of what waits was in a summary: when that was something for days and
-- nobody did anything, others hear of it.
ALTER TABLE digests ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;
ALTER TABLE digests ADD COLUMN unheard BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX digests_by_message ON digests (message_id) WHERE message_id <> '';

-- Who waits is counted and listed by whose list they are in.
CREATE INDEX submissions_by_share ON submissions (programme, kind, assigned_to, area, received_at, snoozed_until, form) WHERE state = 'received';

-- Whose list each letter in triage is in.
CREATE INDEX letters_triages ON letters (received_at, id, reference, mailbox, assigned_to, reason, snoozed_until) WHERE state = 'triage';

-- Whether somebody did anything lately.
CREATE INDEX audit_by_actor ON audit (actor, at);
CREATE INDEX letters_staff_answers ON letters (settled_at) WHERE reason = 'staff_answer';
