-- What anybody can have sent to any address, so that it is counted without reading
-- all mail.
CREATE INDEX messages_asked ON messages (address, created_at) WHERE template IN ('finish-later', 'guardian-ask');
