-- Who was changed at the desk follows the settings file no more, and is still one
-- whom it named first: that alone makes a coordinator of whoever no programme names.
ALTER TABLE colleagues ADD COLUMN at_desk BOOLEAN NOT NULL DEFAULT FALSE;
