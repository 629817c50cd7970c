-- Direct conversations: each is found by its people, and there is one of the same people.
ALTER TABLE groups ADD COLUMN direct_key TEXT COLLATE "C"
    CHECK ((direct_key IS NOT NULL) = (kind = 'direct')) CHECK (length(direct_key) >= 3);
CREATE UNIQUE INDEX groups_direct ON groups (direct_key) WHERE direct_key IS NOT NULL;

-- Whom users have blocked. Nobody else is told.
CREATE TABLE blocks (
    user_id    BIGINT NOT NULL REFERENCES users (id),
    blocked_id BIGINT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, blocked_id),
    CHECK (user_id <> blocked_id)
);

-- Finds the blocks of a user who is deleted.
CREATE INDEX blocks_by_blocked ON blocks (blocked_id, user_id);
