-- What clients that listen need: tickets to connect with, how far a user has read on other devices, and whether
-- others may see that a user is there.

ALTER TABLE users ADD COLUMN presence_hidden INTEGER NOT NULL DEFAULT 0 CHECK (presence_hidden IN (0, 1));

-- The head of the log when `read_seq` was last moved on purpose.
ALTER TABLE memberships ADD COLUMN read_position INTEGER NOT NULL DEFAULT 0 CHECK (read_position >= 0);

-- Each stands for its session once, within seconds. No foreign key: that of a session that has ended is worth nothing
-- and soon removed, and sessions need not be looked through for tickets when they end.
CREATE TABLE tickets (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id INTEGER NOT NULL,
    hash       BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX tickets_by_session ON tickets (session_id, id);
CREATE INDEX tickets_by_expiry ON tickets (expires_at);
