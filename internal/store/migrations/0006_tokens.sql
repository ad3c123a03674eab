-- Refresh tokens that a provider gave in place of the one in the settings. The
-- version before this one knows nothing of it and works beside it.
CREATE TABLE tokens (
	account TEXT PRIMARY KEY, -- which login of the settings, as a hash
	sealed  BYTEA NOT NULL,   -- the newest refresh token
	used_at BIGINT NOT NULL   -- when the one before it was used
);
