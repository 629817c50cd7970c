-- What users have typed and not sent: one draft of a user for a group, where `root_id` is 0, and for each thread. They end
-- with the membership.
CREATE TABLE drafts (
    user_id    BIGINT NOT NULL REFERENCES users (id),
    group_id   BIGINT NOT NULL REFERENCES groups (id),
    root_id    BIGINT NOT NULL CHECK (root_id >= 0),
    text       TEXT COLLATE "C" NOT NULL CHECK (length(text) BETWEEN 1 AND 10000),
    version    BIGINT NOT NULL CHECK (version >= 1),
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, group_id, root_id)
);

CREATE INDEX drafts_by_group ON drafts (group_id, user_id);

-- Messages that users want to find again, in the order of `place`. A bookmark goes with its message, if it is removed for
-- good; that it is deleted leaves its tombstone.
CREATE TABLE bookmarks (
    user_id    BIGINT NOT NULL REFERENCES users (id),
    message_id BIGINT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    place      BIGINT NOT NULL CHECK (place >= 1),
    note       TEXT COLLATE "C" CHECK (length(note) BETWEEN 1 AND 500),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, message_id)
);

CREATE UNIQUE INDEX bookmarks_by_place ON bookmarks (user_id, place);
CREATE INDEX bookmarks_by_message ON bookmarks (message_id);
