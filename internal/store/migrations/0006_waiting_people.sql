-- Who waits for a person although nothing they sent is a question: those whose
-- letter left questions open, and those who wrote again.
CREATE INDEX submissions_unfinished ON submissions (programme, received_at) WHERE open_fields <> '';
CREATE INDEX letters_added ON letters (submission_id, received_at) WHERE reason = 'added' AND state = 'done';
