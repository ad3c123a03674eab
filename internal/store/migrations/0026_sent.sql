-- What has left lately, wherever it went: it counts against the limits of mail
-- servers. Most rows wait for nothing and were sent long ago.
CREATE INDEX messages_sent ON messages (sending_at) WHERE sending_at > 0;
