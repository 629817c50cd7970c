-- Who may write nothing in which group, until when. A mute outlives the membership, so that nobody gets rid of it by
-- leaving and joining again.
CREATE TABLE group_mutes (
    group_id BIGINT NOT NULL REFERENCES groups (id),
    user_id  BIGINT NOT NULL REFERENCES users (id),
    reason   TEXT COLLATE "C" CHECK (length(reason) BETWEEN 1 AND 250),
    until    BIGINT NOT NULL,
    PRIMARY KEY (group_id, user_id)
);

-- The mutes of a user whose account is deleted.
CREATE INDEX group_mutes_by_user ON group_mutes (user_id, group_id);
