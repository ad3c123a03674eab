-- Tokens with which programs of the organisation ask for what the API does. What a
-- program shows is not on file, only its hash.
CREATE TABLE api_tokens (
	id         TEXT PRIMARY KEY,
	name       TEXT NOT NULL,
	hash       TEXT NOT NULL UNIQUE,
	scopes     TEXT NOT NULL,
	list       TEXT NOT NULL DEFAULT '',
	made_by    TEXT NOT NULL,
	made_at    BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	used_on    BIGINT NOT NULL DEFAULT 0,
	revoked_at BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX api_tokens_working ON api_tokens (name) WHERE revoked_at = 0;
