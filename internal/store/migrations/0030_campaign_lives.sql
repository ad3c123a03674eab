-- How an edition comes to be sent: who wrote it, who agreed, when it is to leave, and
-- what was told of it. What was started on the command line of an older version has
-- no row.
CREATE TABLE campaign_lives (
	campaign_id    TEXT PRIMARY KEY,
	source         TEXT NOT NULL DEFAULT '', -- the file, as somebody wrote it
	author         TEXT NOT NULL DEFAULT '',
	digest         TEXT NOT NULL DEFAULT '', -- of the list and the words: what an approval is for
	approved_by    TEXT NOT NULL DEFAULT '',
	approved_at    BIGINT NOT NULL DEFAULT 0,
	starts_local   TEXT NOT NULL DEFAULT '', -- what a clock on the wall shows then
	zone           TEXT NOT NULL DEFAULT '', -- where that clock hangs (IANA)
	starts_at      BIGINT NOT NULL DEFAULT 0,
	not_later_than BIGINT NOT NULL DEFAULT 0,
	late_at        BIGINT NOT NULL DEFAULT 0, -- when it was too late to begin, and somebody was asked
	began_at       BIGINT NOT NULL DEFAULT 0,
	rests_since    BIGINT NOT NULL DEFAULT 0, -- while it is paused
	rested_us      BIGINT NOT NULL DEFAULT 0, -- how long it was paused before
	settled        INTEGER NOT NULL DEFAULT 0, -- copies, when somebody last looked
	moved_at       BIGINT NOT NULL DEFAULT 0, -- when that was last another number
	stuck_at       BIGINT NOT NULL DEFAULT 0, -- when somebody was told that nothing moves
	reported_at    BIGINT NOT NULL DEFAULT 0, -- when its author was told the figures
	left_of        TEXT NOT NULL DEFAULT ''   -- the edition whose copies did not arrive
);
CREATE INDEX campaigns_by_state ON campaigns (state, id);
CREATE INDEX campaigns_by_list ON campaigns (list, id) WHERE state = 'sent';

-- Exactly whom an edition is for that goes to those whom another did not reach.
CREATE TABLE campaign_left (
	campaign_id     TEXT NOT NULL,
	subscription_id TEXT NOT NULL,
	chunk           INTEGER NOT NULL DEFAULT 0, -- the part that their copy is in; 0 has none yet
	PRIMARY KEY (campaign_id, subscription_id)
);

-- Copies that somebody called junk, as their mail provider told us: shown beside the
-- account, which says what left.
CREATE TABLE campaign_complaints (
	campaign_id TEXT NOT NULL,
	message_id  TEXT NOT NULL,
	at          BIGINT NOT NULL,
	PRIMARY KEY (campaign_id, message_id)
);
