-- What a message quotes: `messages.attachments` has 4 if it replies to a message of its group, and 8 if it was forwarded
-- from one of any group, which may be gone since.
CREATE TABLE message_quotes (
    message_id INTEGER PRIMARY KEY REFERENCES messages (id),
    quoted_id  INTEGER NOT NULL CHECK (quoted_id >= 1 AND quoted_id < message_id)
) STRICT;
