-- Of all addresses those that are dead are few, and each part of a newsletter asks
-- which of its readers have one: PostgreSQL read all addresses for it.
CREATE INDEX addresses_dead ON addresses (address) WHERE state = 'dead';
