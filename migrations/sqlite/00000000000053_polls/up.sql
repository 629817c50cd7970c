-- Polls: `messages.attachments` has 128 for one. Its options are lines, the first of which has the id 1, and `counts` are
-- their votes in the same order: `3 0 1`. Both are in one row, so that a vote changes one. `due_at` is when there is something to do with the
-- poll by itself: to close it, or to tell votes that were not told at once. An anonymous poll has a key, encrypted with the
-- key of the server that `key_id` says.
CREATE TABLE polls (
    message_id  INTEGER PRIMARY KEY REFERENCES messages (id),
    options     TEXT NOT NULL CHECK (length(options) BETWEEN 3 AND 4019),
    counts      TEXT NOT NULL CHECK (length(counts) BETWEEN 3 AND 400),
    max_choices INTEGER NOT NULL CHECK (max_choices BETWEEN 1 AND 20),
    results     TEXT NOT NULL CHECK (results IN ('always', 'after_vote', 'after_close')),
    options_by  TEXT NOT NULL CHECK (options_by IN ('author', 'members')),
    closes_at   INTEGER,
    closed_at   INTEGER,
    voters      INTEGER NOT NULL CHECK (voters >= 0),
    told_at     INTEGER,
    is_untold   INTEGER NOT NULL CHECK (is_untold IN (0, 1)),
    due_at      INTEGER CHECK (due_at IS NULL OR closed_at IS NULL),
    key_id      INTEGER CHECK (key_id BETWEEN 0 AND 4294967295),
    secret      BLOB CHECK (length(secret) BETWEEN 1 AND 200) CHECK ((secret IS NULL) = (key_id IS NULL))
) STRICT;

CREATE INDEX polls_by_due ON polls (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX polls_by_key ON polls (message_id, key_id) WHERE key_id IS NOT NULL;

-- Who votes for what: each option is a bit of `choices`, the first one the lowest.
CREATE TABLE poll_ballots (
    message_id INTEGER NOT NULL REFERENCES messages (id),
    user_id    INTEGER NOT NULL REFERENCES users (id),
    choices    INTEGER NOT NULL CHECK (choices BETWEEN 1 AND 1048575),
    PRIMARY KEY (message_id, user_id)
) STRICT, WITHOUT ROWID;

-- The same in anonymous polls, under what follows from the key of the poll and the user. There is neither a time nor a
-- number that would tell in which order they came.
CREATE TABLE secret_ballots (
    message_id INTEGER NOT NULL REFERENCES messages (id),
    voter      BLOB NOT NULL CHECK (length(voter) = 32),
    choices    INTEGER NOT NULL CHECK (choices BETWEEN 1 AND 1048575),
    PRIMARY KEY (message_id, voter)
) STRICT, WITHOUT ROWID;
