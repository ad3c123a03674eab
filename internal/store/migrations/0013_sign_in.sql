-- A request to sign in is kept whoever asked, so that nobody can tell by what
-- follows whether an address belongs to a colleague, and so that what was asked
-- for counts after a restart, too. Links live for minutes: none is carried over.
DROP TABLE signin_links;
CREATE TABLE signin_links (
	hash       TEXT PRIMARY KEY,                 -- of what is in the link
	colleague  TEXT NOT NULL DEFAULT '',         -- '' is nobody: it opens nothing, and no mail was owed
	who        TEXT NOT NULL DEFAULT '',         -- the address, blinded
	net        TEXT NOT NULL DEFAULT '',         -- the network that asked, blinded
	browser    TEXT NOT NULL DEFAULT '',         -- hash of the cookie of the browser that asked; '' is any browser
	code       TEXT NOT NULL DEFAULT '',         -- the short code, blinded; '' is none
	tries      INTEGER NOT NULL DEFAULT 0,       -- codes that were typed
	many       BOOLEAN NOT NULL DEFAULT FALSE,   -- it works more than once
	next       TEXT NOT NULL DEFAULT '',         -- path of the page that was wanted
	asked_at   BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	used_at    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX signin_links_by_time ON signin_links (asked_at);
CREATE INDEX signin_links_by_colleague ON signin_links (colleague, asked_at);
CREATE INDEX signin_links_by_who ON signin_links (who, asked_at);
CREATE INDEX signin_links_by_browser ON signin_links (browser, asked_at);

-- The browsers in which somebody has signed in before, by the hash of their cookie.
CREATE TABLE signin_browsers (
	colleague TEXT NOT NULL,
	browser   TEXT NOT NULL,
	first_at  BIGINT NOT NULL,
	PRIMARY KEY (colleague, browser)
);
