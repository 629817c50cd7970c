-- Threads. A reply is a message with the id and the number of the message that it replies to, the root: `seq` is its
-- number in the thread. A message of the group itself has the root number 0. `attachments` says which kinds of rows belong to a message: 1 stands for a thread.

ALTER TABLE messages ADD COLUMN thread_id INTEGER CHECK (thread_id < id);
ALTER TABLE messages ADD COLUMN root_seq INTEGER NOT NULL DEFAULT 0 CHECK (root_seq >= 0)
    CHECK ((root_seq = 0) = (thread_id IS NULL));
ALTER TABLE messages ADD COLUMN attachments INTEGER NOT NULL DEFAULT 0 CHECK (attachments >= 0);

-- The messages of the group itself, which have 0 for a root, and those of each thread. Not two indexes of a part each:
-- that a group has no messages left is found by one of all of them.
DROP INDEX messages_by_seq;
CREATE UNIQUE INDEX messages_by_seq ON messages (group_id, root_seq, seq);

-- A thread exists from its first reply on. `last_seq`, `last_reply_id` and `last_reply_at` are those of the newest
-- reply, deleted or not.
CREATE TABLE threads (
    root_id       INTEGER PRIMARY KEY REFERENCES messages (id),
    group_id      INTEGER NOT NULL REFERENCES groups (id),
    root_seq      INTEGER NOT NULL CHECK (root_seq >= 1),
    reply_count   INTEGER NOT NULL CHECK (reply_count >= 0),
    last_seq      INTEGER NOT NULL CHECK (last_seq >= reply_count AND last_seq >= 1),
    last_reply_id INTEGER NOT NULL CHECK (last_reply_id > root_id),
    last_reply_at INTEGER NOT NULL
) STRICT;

CREATE INDEX threads_by_group ON threads (group_id, root_id);

-- Who has replied in, followed or read a thread. `place` is that among the participants who are shown.
-- `seen_reply_id` is the newest reply when they last did one of these; `read_position` the head of the log when they
-- last read.
CREATE TABLE thread_members (
    root_id       INTEGER NOT NULL REFERENCES threads (root_id),
    user_id       INTEGER NOT NULL REFERENCES users (id),
    following     INTEGER NOT NULL CHECK (following IN (0, 1)),
    read_seq      INTEGER NOT NULL CHECK (read_seq >= 0),
    place         INTEGER CHECK (place BETWEEN 1 AND 5),
    seen_reply_id INTEGER NOT NULL,
    read_position INTEGER CHECK (read_position >= 0),
    PRIMARY KEY (root_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX thread_members_by_place ON thread_members (root_id, place) WHERE place IS NOT NULL;
CREATE INDEX thread_members_by_user ON thread_members (user_id, seen_reply_id, root_id) WHERE following;
CREATE INDEX thread_members_by_position ON thread_members (user_id, read_position) WHERE read_position IS NOT NULL;

-- As before for messages of the group itself. A reply is only noted as the author's last message, for slow mode.
DROP TRIGGER messages_after_insert;
CREATE TRIGGER messages_after_insert AFTER INSERT ON messages BEGIN
    UPDATE groups SET last_seq = NEW.seq WHERE id = NEW.group_id AND NEW.thread_id IS NULL;
    UPDATE memberships
    SET read_seq = CASE WHEN NEW.thread_id IS NULL THEN NEW.seq ELSE read_seq END, last_sent_at = NEW.created_at
    WHERE group_id = NEW.group_id AND user_id = NEW.author_id;
END;
