-- Whether users may sign in: not while they are suspended, and with a password that somebody made up for them only to
-- choose another. No deleted user is either.
ALTER TABLE users ADD COLUMN suspended INTEGER NOT NULL DEFAULT 0
    CHECK (suspended IN (0, 1)) CHECK (suspended = 0 OR deleted_at IS NULL);
ALTER TABLE users ADD COLUMN must_change_password INTEGER NOT NULL DEFAULT 0
    CHECK (must_change_password IN (0, 1)) CHECK (must_change_password = 0 OR deleted_at IS NULL);
