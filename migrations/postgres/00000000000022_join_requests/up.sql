-- Requests of users to join closed groups: at most one of a user to a group.
CREATE TABLE join_requests (
    group_id   BIGINT NOT NULL REFERENCES groups (id),
    user_id    BIGINT NOT NULL REFERENCES users (id),
    message    TEXT COLLATE "C" CHECK (length(message) BETWEEN 1 AND 500),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (group_id, user_id)
);

CREATE INDEX join_requests_by_user ON join_requests (user_id, group_id);
