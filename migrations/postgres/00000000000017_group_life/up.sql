-- A group's topic, its slow mode, and when it was archived; when a member last sent a message, which slow mode asks for.

ALTER TABLE groups ADD COLUMN topic TEXT COLLATE "C" CHECK (length(topic) BETWEEN 1 AND 250);
ALTER TABLE groups ADD COLUMN slow_mode_seconds BIGINT NOT NULL DEFAULT 0
    CHECK (slow_mode_seconds BETWEEN 0 AND 21600);
ALTER TABLE groups ADD COLUMN archived_at BIGINT;
-- NULL for a member who has sent nothing since this column is there. Without an index, so that an update stays HOT.
ALTER TABLE memberships ADD COLUMN last_sent_at BIGINT;

-- As before, and with the time, so that a send is still one statement.
CREATE OR REPLACE FUNCTION messages_after_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE groups SET last_seq = NEW.seq WHERE id = NEW.group_id;
    UPDATE memberships SET read_seq = NEW.seq, last_sent_at = NEW.created_at
    WHERE group_id = NEW.group_id AND user_id = NEW.author_id;
    RETURN NULL; -- Nobody looks at what a trigger returns that runs after the insert.
END
$$;
