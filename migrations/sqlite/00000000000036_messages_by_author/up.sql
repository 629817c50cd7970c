-- Messages in the order by the time when they were sent: those of one author, and of all. Numbers decide between equal
-- times.
CREATE INDEX messages_by_author ON messages (group_id, author_id, root_seq, created_at, seq);
CREATE INDEX messages_by_time ON messages (group_id, root_seq, created_at, seq);

-- As before for what is not imported. Of a message that is (1024 in `attachments`), the author has sent nothing now, and
-- has read nothing.
DROP TRIGGER messages_after_insert;
CREATE TRIGGER messages_after_insert AFTER INSERT ON messages BEGIN
    UPDATE groups SET last_seq = NEW.seq WHERE id = NEW.group_id AND NEW.thread_id IS NULL;
    UPDATE memberships
    SET read_seq = CASE WHEN NEW.thread_id IS NULL THEN NEW.seq ELSE read_seq END, last_sent_at = NEW.created_at
    WHERE group_id = NEW.group_id AND user_id = NEW.author_id AND NEW.attachments & 1024 = 0;
END;
