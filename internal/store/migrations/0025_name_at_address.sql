-- By which name somebody is known at an address, so that one of thousands who
-- share it is found at once: whoever types in the same address with ever new names
-- must not make everybody wait.
ALTER TABLE contact_addresses ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
UPDATE contact_addresses SET name_key = (SELECT name_key FROM contacts WHERE contacts.id = contact_id);
DROP INDEX contact_addresses_by_address;
CREATE INDEX contact_addresses_by_address ON contact_addresses (address, name_key);
