-- Finding messages by their author or by time, without an index that every send has to write.
--
-- Numbers follow the order in which messages came in, and so do times, but for those of imported messages and of clocks
-- that were set back. `ordered_at` is null if no message before it in its group, or in its thread, is from a later time.
-- Else it is late, and this is the latest time of those. One of just this time is late too if it follows a late one, so that
-- late ones follow each other. So times are found by numbers, and only late messages by indexes.
DROP INDEX messages_by_author;
DROP INDEX messages_by_time;

ALTER TABLE messages ADD COLUMN ordered_at BIGINT CHECK (ordered_at >= created_at);

UPDATE messages SET ordered_at = latest FROM (
    SELECT id, latest, bool_or(created_at < latest) OVER (
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
    group_id  BIGINT NOT NULL REFERENCES groups (id),
    author_id BIGINT NOT NULL REFERENCES users (id),
    root_seq  BIGINT NOT NULL CHECK (root_seq >= 0),
    first_seq BIGINT NOT NULL CHECK (first_seq >= 1),
    seqs      TEXT COLLATE "C" NOT NULL CHECK (length(seqs) BETWEEN 1 AND 300),
    PRIMARY KEY (group_id, author_id, root_seq, first_seq)
);

INSERT INTO author_runs
SELECT group_id, author_id, root_seq, min(seq), string_agg(seq::TEXT, ' ' ORDER BY seq) FROM (
    SELECT group_id, author_id, root_seq, seq,
        (row_number() OVER (PARTITION BY group_id, author_id, root_seq ORDER BY seq) - 1) / 16 AS run
    FROM messages
) AS numbered GROUP BY group_id, author_id, root_seq, run;

-- The newest of them, which are no row yet: a send changes its author's membership anyway.
ALTER TABLE memberships ADD COLUMN recent_seqs TEXT COLLATE "C" CHECK (length(recent_seqs) BETWEEN 1 AND 300);

CREATE FUNCTION memberships_store_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO author_runs
    VALUES (OLD.group_id, OLD.user_id, 0, split_part(OLD.recent_seqs, ' ', 1)::BIGINT, OLD.recent_seqs);
    RETURN NULL; -- Nobody looks at what a trigger returns that runs after the change.
END
$$;

CREATE TRIGGER memberships_after_update AFTER UPDATE OF recent_seqs ON memberships FOR EACH ROW
WHEN (length(OLD.recent_seqs) >= 120) EXECUTE FUNCTION memberships_store_run();

CREATE TRIGGER memberships_after_delete AFTER DELETE ON memberships FOR EACH ROW
WHEN (OLD.recent_seqs IS NOT NULL) EXECUTE FUNCTION memberships_store_run();

CREATE FUNCTION messages_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    latest BIGINT;
    begins BIGINT;
BEGIN
    SELECT coalesce(ordered_at, created_at), coalesce(ordered_at + 1, created_at) INTO latest, begins FROM messages
    WHERE group_id = NEW.group_id AND root_seq = NEW.root_seq AND seq < NEW.seq ORDER BY seq DESC LIMIT 1;
    IF NEW.created_at < begins THEN
        UPDATE messages SET ordered_at = latest WHERE id = NEW.id;
    END IF;
    RETURN NULL; -- Nobody looks at what a trigger returns that runs after the insert.
END
$$;

CREATE TRIGGER messages_in_order AFTER INSERT ON messages FOR EACH ROW EXECUTE FUNCTION messages_in_order();

-- Of a message that is imported (1024 in `attachments`), the author has sent nothing now, and has read nothing. Replies
-- and messages of who is no member are rows at once.
CREATE OR REPLACE FUNCTION messages_after_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.thread_id IS NULL THEN
        UPDATE groups SET last_seq = NEW.seq WHERE id = NEW.group_id;
        UPDATE memberships
        SET read_seq = CASE WHEN NEW.attachments & 1024 = 0 THEN NEW.seq ELSE read_seq END,
            last_sent_at = CASE WHEN NEW.attachments & 1024 = 0 THEN NEW.created_at ELSE last_sent_at END,
            recent_seqs = CASE WHEN length(recent_seqs) < 120 THEN recent_seqs || ' ' || NEW.seq
                               ELSE NEW.seq::TEXT END
        WHERE group_id = NEW.group_id AND user_id = NEW.author_id;
    ELSIF NEW.attachments & 1024 = 0 THEN
        UPDATE memberships SET last_sent_at = NEW.created_at
        WHERE group_id = NEW.group_id AND user_id = NEW.author_id;
    END IF;
    IF NEW.thread_id IS NOT NULL OR NOT FOUND THEN
        INSERT INTO author_runs VALUES (NEW.group_id, NEW.author_id, NEW.root_seq, NEW.seq, NEW.seq::TEXT);
    END IF;
    RETURN NULL; -- Nobody looks at what a trigger returns that runs after the insert.
END
$$;
