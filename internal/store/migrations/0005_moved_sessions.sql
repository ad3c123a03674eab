-- How often a session was moved to another date or place: each move is told
-- once, and calendars take the entry with the highest number (RFC 5545,
-- SEQUENCE).
ALTER TABLE sessions ADD COLUMN moves INTEGER NOT NULL DEFAULT 0;
