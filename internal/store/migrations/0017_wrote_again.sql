-- That somebody wrote again, so that who did and waits is found among those who wait
-- and not among all letters that were ever added to something.
ALTER TABLE submissions ADD COLUMN wrote_again BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE submissions SET wrote_again = TRUE
 WHERE id IN (SELECT submission_id FROM letters WHERE reason = 'added' AND state = 'done');
CREATE INDEX submissions_again ON submissions (programme, received_at) WHERE wrote_again AND state = 'received';

-- What came in another language than English: few among many mostly, and looked for
-- one language at a time. What is in English costs nothing here.
CREATE INDEX submissions_tongues ON submissions (programme, state, locale, received_at, id, kind, form, area, assigned_to, snoozed_until) WHERE locale <> 'en';
