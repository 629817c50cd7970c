-- Who wrote the message that mentions somebody: mentions by whom they block don't count for them. And from which number
-- on the read states of a member count who comes into the group: not below those of anybody who has left it, so that they
-- never go back for one who comes in again.
CREATE TABLE new_mentions (
    message_id INTEGER NOT NULL REFERENCES messages (id),
    user_id    INTEGER NOT NULL REFERENCES users (id),
    group_id   INTEGER NOT NULL REFERENCES groups (id),
    thread_id  INTEGER,
    root_seq   INTEGER NOT NULL CHECK (root_seq >= 0) CHECK ((root_seq = 0) = (thread_id IS NULL)),
    seq        INTEGER NOT NULL CHECK (seq >= 1),
    is_named   INTEGER NOT NULL CHECK (is_named IN (0, 1)),
    is_told    INTEGER NOT NULL CHECK (is_told IN (0, 1)) CHECK (is_named OR is_told),
    author_id  INTEGER NOT NULL REFERENCES users (id),
    PRIMARY KEY (message_id, user_id)
) STRICT, WITHOUT ROWID;

INSERT INTO new_mentions
    (message_id, user_id, group_id, thread_id, root_seq, seq, is_named, is_told, author_id)
    SELECT message_id, user_id, mentions.group_id, mentions.thread_id, mentions.root_seq, mentions.seq, is_named, is_told,
        messages.author_id
    FROM mentions JOIN messages ON messages.id = mentions.message_id;
DROP TABLE mentions;
ALTER TABLE new_mentions RENAME TO mentions;

CREATE INDEX mentions_by_place ON mentions (user_id, group_id, root_seq, seq, author_id) WHERE is_told;
CREATE INDEX mentions_by_user ON mentions (user_id, message_id) WHERE is_told;
CREATE INDEX mentions_by_group ON mentions (group_id, message_id);

ALTER TABLE groups ADD COLUMN first_read_version INTEGER NOT NULL DEFAULT 1 CHECK (first_read_version >= 1);
