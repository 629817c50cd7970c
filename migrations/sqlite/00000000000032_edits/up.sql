-- The texts that messages had before they were edited, as many as the program keeps of each. `version` is the last
-- version of the message that had the text, and `written_at` when it was sent with it, or edited to it.
CREATE TABLE message_edits (
    message_id INTEGER NOT NULL REFERENCES messages (id),
    version    INTEGER NOT NULL CHECK (version >= 1),
    text       TEXT NOT NULL CHECK (length(text) BETWEEN 1 AND 10000),
    written_at INTEGER NOT NULL,
    PRIMARY KEY (message_id, version)
) STRICT;
