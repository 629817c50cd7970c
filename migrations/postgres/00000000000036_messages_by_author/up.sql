-- Messages in the order by the time when they were sent: those of one author, and of all. Numbers decide between equal
-- times.
CREATE INDEX messages_by_author ON messages (group_id, author_id, root_seq, created_at, seq);
CREATE INDEX messages_by_time ON messages (group_id, root_seq, created_at, seq);

-- As before for what is not imported. Of a message that is (1024 in `attachments`), the author has sent nothing now, and
-- has read nothing.
CREATE OR REPLACE FUNCTION messages_after_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.thread_id IS NULL THEN
        UPDATE groups SET last_seq = NEW.seq WHERE id = NEW.group_id;
    END IF;
    IF NEW.attachments & 1024 = 0 THEN
        UPDATE memberships
        SET read_seq = CASE WHEN NEW.thread_id IS NULL THEN NEW.seq ELSE read_seq END, last_sent_at = NEW.created_at
        WHERE group_id = NEW.group_id AND user_id = NEW.author_id;
    END IF;
    RETURN NULL; -- Nobody looks at what a trigger returns that runs after the insert.
END
$$;
