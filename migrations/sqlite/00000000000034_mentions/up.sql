-- Mentions. A row for each user whom a message names, or who was online when it said `@here`: with the place of the
-- message, so that those after a read cursor are counted without looking at messages. `is_told` says that it counts for
-- the user and is listed. Of `messages.attachments`, 16 stands for named users, 32 for all members, 64 for all online.
CREATE TABLE mentions (
    message_id INTEGER NOT NULL REFERENCES messages (id),
    user_id    INTEGER NOT NULL REFERENCES users (id),
    group_id   INTEGER NOT NULL REFERENCES groups (id),
    thread_id  INTEGER,
    root_seq   INTEGER NOT NULL CHECK (root_seq >= 0) CHECK ((root_seq = 0) = (thread_id IS NULL)),
    seq        INTEGER NOT NULL CHECK (seq >= 1),
    is_named   INTEGER NOT NULL CHECK (is_named IN (0, 1)),
    is_told    INTEGER NOT NULL CHECK (is_told IN (0, 1)) CHECK (is_named OR is_told),
    PRIMARY KEY (message_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX mentions_by_place ON mentions (user_id, group_id, root_seq, seq) WHERE is_told;
CREATE INDEX mentions_by_user ON mentions (user_id, message_id) WHERE is_told;
CREATE INDEX mentions_by_group ON mentions (group_id, message_id);

-- The newest messages of a group that mention all members: at most 100.
CREATE TABLE group_mentions (
    message_id INTEGER PRIMARY KEY REFERENCES messages (id),
    group_id   INTEGER NOT NULL REFERENCES groups (id),
    thread_id  INTEGER,
    root_seq   INTEGER NOT NULL CHECK (root_seq >= 0) CHECK ((root_seq = 0) = (thread_id IS NULL)),
    seq        INTEGER NOT NULL CHECK (seq >= 1),
    author_id  INTEGER NOT NULL REFERENCES users (id)
) STRICT;

CREATE INDEX group_mentions_by_group ON group_mentions (group_id, message_id);
CREATE INDEX group_mentions_by_place ON group_mentions (group_id, root_seq, seq);
