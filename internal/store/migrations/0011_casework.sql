-- What colleagues do with what came in. The version before this one knows
-- nothing of it and works beside it.

-- assigned_to is the name of a colleague; '' is whoever looks after what the call is about.
ALTER TABLE calls ADD COLUMN assigned_to TEXT NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN snoozed_until BIGINT NOT NULL DEFAULT 0;

-- The contact that this one is the same person as: everything of theirs is there.
ALTER TABLE contacts ADD COLUMN merged_into TEXT NOT NULL DEFAULT '';
