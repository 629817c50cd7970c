-- Codes that reset passwords, as SHA-256, each with a hash of what it is bound to. They are valid for half an hour, and stay
-- for a day, since an account gets only a few in that time.
CREATE TABLE password_resets (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    hash       BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    state      BLOB NOT NULL CHECK (length(state) = 32),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;

CREATE INDEX password_resets_by_user ON password_resets (user_id, created_at);
CREATE INDEX password_resets_by_age ON password_resets (created_at);

CREATE INDEX users_by_email ON users (lower(email), id) WHERE deleted_at IS NULL;
