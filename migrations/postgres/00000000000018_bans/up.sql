-- Who is kept out of which group. A ban ends at `until`, or when its row goes; nobody who is banned is a member.
CREATE TABLE group_bans (
    group_id   BIGINT NOT NULL REFERENCES groups (id),
    user_id    BIGINT NOT NULL REFERENCES users (id),
    reason     TEXT COLLATE "C" CHECK (length(reason) BETWEEN 1 AND 250),
    until      BIGINT,
    banned_by  BIGINT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (group_id, user_id)
);

-- The bans of a user whose account is deleted.
CREATE INDEX group_bans_by_user ON group_bans (user_id, group_id);
