-- Passkeys (WebAuthn). `credential_id` is what the authenticator calls it, `record` what has to be known to check what it
-- signs, as the library writes it: its public key, how often it has signed. The ceremonies that it was used in lately are
-- eight bytes each.
CREATE TABLE passkeys (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id       INTEGER NOT NULL REFERENCES users (id),
    credential_id BLOB NOT NULL UNIQUE CHECK (length(credential_id) BETWEEN 1 AND 1023),
    record        TEXT NOT NULL CHECK (length(record) BETWEEN 1 AND 8192),
    name          TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    used          BLOB NOT NULL CHECK (length(used) <= 128 AND length(used) % 8 = 0),
    created_at    INTEGER NOT NULL,
    last_used_at  INTEGER
) STRICT;

CREATE INDEX passkeys_by_user ON passkeys (user_id, id);
