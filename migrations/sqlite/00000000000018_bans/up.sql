-- Who is kept out of which group. A ban ends at `until`, or when its row goes; nobody who is banned is a member.
CREATE TABLE group_bans (
    group_id   INTEGER NOT NULL REFERENCES groups (id),
    user_id    INTEGER NOT NULL REFERENCES users (id),
    reason     TEXT CHECK (length(reason) BETWEEN 1 AND 250),
    until      INTEGER,
    banned_by  INTEGER NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;

-- The bans of a user whose account is deleted.
CREATE INDEX group_bans_by_user ON group_bans (user_id, group_id);
