-- To which host a passkey is bound: that of the server's public address when it was registered. Not known of those from
-- before.
ALTER TABLE passkeys ADD COLUMN host TEXT COLLATE "C" CHECK (length(host) BETWEEN 1 AND 255);

-- Whether there are some of another host.
CREATE INDEX passkeys_by_host ON passkeys (host) WHERE host IS NOT NULL;
