-- One-time passwords (RFC 6238). The secret is encrypted with the server's key that has this id. They are asked for once
-- they are confirmed. The steps that were used lately are eight bytes each.
CREATE TABLE totp (
    user_id      INTEGER PRIMARY KEY REFERENCES users (id),
    secret       BLOB NOT NULL CHECK (length(secret) BETWEEN 1 AND 200),
    key_id       INTEGER NOT NULL CHECK (key_id BETWEEN 0 AND 4294967295),
    created_at   INTEGER NOT NULL,
    confirmed_at INTEGER,
    used_steps   BLOB NOT NULL CHECK (length(used_steps) <= 128 AND length(used_steps) % 8 = 0)
) STRICT;

-- Which secrets a key is still needed for.
CREATE INDEX totp_by_key ON totp (key_id, user_id);

-- SHA-256 of the recovery codes that a user has left.
CREATE TABLE recovery_codes (
    user_id INTEGER NOT NULL REFERENCES users (id),
    hash    BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;

-- Logins of which the password was right, as `proven` says, and the second factor is still to come. `hash` is SHA-256 of
-- the ticket.
CREATE TABLE half_logins (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    hash        BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    user_id     INTEGER NOT NULL REFERENCES users (id),
    proven      TEXT NOT NULL CHECK (proven <> ''),
    refresh     INTEGER NOT NULL CHECK (refresh IN (0, 1)),
    device_name TEXT CHECK (length(device_name) BETWEEN 1 AND 100),
    failures    INTEGER NOT NULL DEFAULT 0 CHECK (failures BETWEEN 0 AND 4),
    expires_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX half_logins_by_user ON half_logins (user_id, id);
CREATE INDEX half_logins_by_expiry ON half_logins (expires_at);
