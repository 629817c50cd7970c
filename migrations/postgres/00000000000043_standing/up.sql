-- Whether users may sign in: not while they are suspended, and with a password that somebody made up for them only to
-- choose another. No deleted user is either.
ALTER TABLE users ADD COLUMN suspended BOOLEAN NOT NULL DEFAULT false
    CHECK (NOT suspended OR deleted_at IS NULL);
ALTER TABLE users ADD COLUMN must_change_password BOOLEAN NOT NULL DEFAULT false
    CHECK (NOT must_change_password OR deleted_at IS NULL);
