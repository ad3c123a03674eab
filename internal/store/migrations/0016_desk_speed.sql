-- What was received, by kind, because sign-ups stay so for ever and questions do not,
-- with all that a list of it can be narrowed by.
DROP INDEX submissions_waiting;
CREATE INDEX submissions_waiting ON submissions (programme, kind, received_at, id, form, area, locale, assigned_to, snoozed_until) WHERE state = 'received';

-- What a person sent and what was sent to them, the newest first, without reading
-- the rest, where there is very much of it.
DROP INDEX submissions_by_contact;
CREATE INDEX submissions_by_contact ON submissions (contact_id, received_at, id);
DROP INDEX messages_by_contact;
CREATE INDEX messages_by_contact ON messages (contact_id, id) WHERE campaign_id = '' AND contact_id <> '';

-- letters_triages does as well.
DROP INDEX letters_in_triage;
