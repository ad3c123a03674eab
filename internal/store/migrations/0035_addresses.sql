-- Of all addresses those that are dead are few, and each part of a newsletter asks
-- which of its readers have one: PostgreSQL read all addresses for it.
CREATE INDEX addresses_dead ON addresses (address) WHERE state = 'dead';

-- By which name the people of a file are known at their addresses.
UPDATE contact_addresses SET name_key = (SELECT name_key FROM contacts WHERE contacts.id = contact_id) WHERE name_key = '';
