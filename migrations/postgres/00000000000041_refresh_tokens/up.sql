-- Refresh tokens. A session that has one is renewed by it again and again: its row keeps the key and the token of now and
-- those of before, as SHA-256. `expires_at` is when the session ends unless it is refreshed, `refresh_ends_at` when it
-- ends in any case. The salt is what a retry of the last refresh needs, and is removed after a while.
ALTER TABLE sessions ADD COLUMN key_expires_at BIGINT;
ALTER TABLE sessions ADD COLUMN key_previous BYTEA CHECK (octet_length(key_previous) = 32);
ALTER TABLE sessions ADD COLUMN key_previous_until BIGINT
    CHECK ((key_previous_until IS NULL) = (key_previous IS NULL));
ALTER TABLE sessions ADD COLUMN refresh_selector BYTEA CHECK (octet_length(refresh_selector) = 32);
ALTER TABLE sessions ADD COLUMN refresh_hash BYTEA CHECK (octet_length(refresh_hash) = 32)
    CHECK ((refresh_hash IS NULL) = (refresh_selector IS NULL));
ALTER TABLE sessions ADD COLUMN refresh_ends_at BIGINT
    CHECK ((refresh_ends_at IS NULL) = (refresh_selector IS NULL))
    CHECK ((key_expires_at IS NULL) = (refresh_selector IS NULL))
    CHECK (key_expires_at <= expires_at AND expires_at <= refresh_ends_at);
ALTER TABLE sessions ADD COLUMN refresh_previous BYTEA CHECK (octet_length(refresh_previous) = 32)
    CHECK (refresh_previous IS NULL OR refresh_selector IS NOT NULL);
ALTER TABLE sessions ADD COLUMN refresh_salt BYTEA CHECK (octet_length(refresh_salt) = 32)
    CHECK (refresh_salt IS NULL OR refresh_previous IS NOT NULL);
ALTER TABLE sessions ADD COLUMN rotated_at BIGINT
    CHECK ((rotated_at IS NULL) = (refresh_previous IS NULL))
    CHECK ((key_previous IS NULL) = (refresh_previous IS NULL));

CREATE UNIQUE INDEX sessions_by_selector ON sessions (refresh_selector) WHERE refresh_selector IS NOT NULL;
CREATE UNIQUE INDEX sessions_by_previous_key ON sessions (key_previous) WHERE key_previous IS NOT NULL;
CREATE INDEX sessions_with_salt ON sessions (rotated_at) WHERE refresh_salt IS NOT NULL;
