-- Finding messages by their author or by time, without an index that every send has to write.
--
-- Numbers follow the order in which messages came in, and so do times, but for those of imported messages and of clocks
-- that were set back. `ordered_at` is null if no message before it in its group, or in its thread, is from a later time.
-- Else it is late, and this is the latest time of those. One of just this time is late too if it follows a late one, so that
-- late ones follow each other. So times are found by numbers, and only late messages by indexes.
DROP INDEX messages_by_author;
DROP INDEX messages_by_time;

ALTER TABLE messages ADD COLUMN ordered_at INTEGER CHECK (ordered_at >= created_at);

UPDATE messages SET ordered_at = latest FROM (
    SELECT id, latest, max(created_at < latest) OVER (
        PARTITION BY group_id, root_seq, latest ORDER BY seq
    ) AS is_late FROM (
        SELECT id, group_id, root_seq, seq, created_at, max(created_at) OVER (
            PARTITION BY group_id, root_seq ORDER BY seq
        ) AS latest FROM messages
    ) AS ordered
) AS marked WHERE marked.id = messages.id AND is_late;

CREATE INDEX messages_late ON messages (group_id, root_seq, created_at, seq) WHERE ordered_at IS NOT NULL;
CREATE INDEX messages_late_by_author ON messages (group_id, author_id, root_seq, created_at, seq)
    WHERE ordered_at IS NOT NULL;

-- The numbers of an author's messages in a group or a thread, several to a row, in ascending order: `41 56 57`. Those of
-- one author follow each other, and so do the rows.
CREATE TABLE author_runs (
    group_id  INTEGER NOT NULL REFERENCES groups (id),
    author_id INTEGER NOT NULL REFERENCES users (id),
    root_seq  INTEGER NOT NULL CHECK (root_seq >= 0),
    first_seq INTEGER NOT NULL CHECK (first_seq >= 1),
    seqs      TEXT NOT NULL CHECK (length(seqs) BETWEEN 1 AND 300),
    PRIMARY KEY (group_id, author_id, root_seq, first_seq)
) STRICT, WITHOUT ROWID;

INSERT INTO author_runs
SELECT group_id, author_id, root_seq, min(seq), group_concat(seq, ' ' ORDER BY seq) FROM (
    SELECT group_id, author_id, root_seq, seq,
        (row_number() OVER (PARTITION BY group_id, author_id, root_seq ORDER BY seq) - 1) / 16 AS run
    FROM messages
) GROUP BY group_id, author_id, root_seq, run;

-- The newest of them, which are no row yet: a send changes its author's membership anyway.
ALTER TABLE memberships ADD COLUMN recent_seqs TEXT CHECK (length(recent_seqs) BETWEEN 1 AND 300);

CREATE TRIGGER memberships_after_update AFTER UPDATE OF recent_seqs ON memberships
WHEN length(OLD.recent_seqs) >= 120 BEGIN
    INSERT INTO author_runs
    VALUES (OLD.group_id, OLD.user_id, 0, CAST(OLD.recent_seqs AS INTEGER), OLD.recent_seqs);
END;

CREATE TRIGGER memberships_after_delete AFTER DELETE ON memberships WHEN OLD.recent_seqs IS NOT NULL BEGIN
    INSERT INTO author_runs
    VALUES (OLD.group_id, OLD.user_id, 0, CAST(OLD.recent_seqs AS INTEGER), OLD.recent_seqs);
END;

CREATE TRIGGER messages_in_order AFTER INSERT ON messages
WHEN NEW.created_at < (
    SELECT coalesce(ordered_at + 1, created_at) FROM messages
    WHERE group_id = NEW.group_id AND root_seq = NEW.root_seq AND seq < NEW.seq ORDER BY seq DESC LIMIT 1
) BEGIN
    UPDATE messages SET ordered_at = (
        SELECT coalesce(ordered_at, created_at) FROM messages
        WHERE group_id = NEW.group_id AND root_seq = NEW.root_seq AND seq < NEW.seq ORDER BY seq DESC LIMIT 1
    ) WHERE id = NEW.id;
END;

-- Of a message that is imported (1024 in `attachments`), the author has sent nothing now, and has read nothing. Replies
-- and messages of who is no member are rows at once: `changes()` is how many memberships the update before has found.
DROP TRIGGER messages_after_insert;
CREATE TRIGGER messages_after_insert AFTER INSERT ON messages BEGIN
    UPDATE groups SET last_seq = NEW.seq WHERE id = NEW.group_id AND NEW.thread_id IS NULL;
    UPDATE memberships
    SET read_seq = CASE WHEN NEW.attachments & 1024 = 0 THEN NEW.seq ELSE read_seq END,
        last_sent_at = CASE WHEN NEW.attachments & 1024 = 0 THEN NEW.created_at ELSE last_sent_at END,
        recent_seqs = CASE WHEN length(recent_seqs) < 120 THEN recent_seqs || ' ' || NEW.seq ELSE NEW.seq END
    WHERE group_id = NEW.group_id AND user_id = NEW.author_id AND NEW.thread_id IS NULL;
    INSERT INTO author_runs
    SELECT NEW.group_id, NEW.author_id, NEW.root_seq, NEW.seq, CAST(NEW.seq AS TEXT) WHERE changes() = 0;
    UPDATE memberships SET last_sent_at = NEW.created_at
    WHERE group_id = NEW.group_id AND user_id = NEW.author_id
        AND NEW.thread_id IS NOT NULL AND NEW.attachments & 1024 = 0;
END;
