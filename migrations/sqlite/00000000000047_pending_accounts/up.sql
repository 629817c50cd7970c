-- Accounts that wait until somebody has shown that the address is theirs, by a code of which only SHA-256 is stored. Usernames are
-- not reserved.
CREATE TABLE pending_accounts (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    code_hash     BLOB NOT NULL UNIQUE CHECK (length(code_hash) = 32),
    username      TEXT NOT NULL CHECK (length(username) BETWEEN 1 AND 50),
    display_name  TEXT CHECK (length(display_name) BETWEEN 1 AND 100),
    email         TEXT NOT NULL CHECK (length(email) BETWEEN 1 AND 254),
    password_hash TEXT NOT NULL CHECK (length(password_hash) >= 1),
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX pending_accounts_by_email ON pending_accounts (lower(email), created_at);
CREATE INDEX pending_accounts_by_age ON pending_accounts (created_at);
