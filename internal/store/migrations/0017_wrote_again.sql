-- That somebody wrote again, so that who did and waits is found among those who wait
-- and not among all letters that were ever added to something.
ALTER TABLE submissions ADD COLUMN wrote_again BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE submissions SET wrote_again = TRUE
 WHERE id IN (SELECT submission_id FROM letters WHERE reason = 'added' AND state = 'done');
CREATE INDEX submissions_again ON submissions (programme, received_at, id, state, kind, form, area, locale, assigned_to, snoozed_until, open_fields, letter_id) WHERE wrote_again;

-- What came in another language than English: few among many mostly, and looked for
-- one language at a time. What is in English costs nothing here.
CREATE INDEX submissions_tongues ON submissions (programme, state, locale, received_at, id, kind, form, area, assigned_to, snoozed_until) WHERE locale <> 'en';

-- What was given to somebody by name.
CREATE INDEX submissions_given ON submissions (assigned_to, programme, state, received_at, id, kind, form, area, locale, snoozed_until) WHERE assigned_to <> '';

-- What is still promised to somebody who was promised very much.
CREATE INDEX steps_promised ON steps (run_id) WHERE state = 'planned';
