-- Messages that users have scheduled. `document` has what is to be sent, as JSON. A message is tried at `due_at`, which is
-- `send_at` unless the database failed then; sending removes it, and a refusal leaves it with the reason. `token_id` is the token
-- that it was scheduled with, which may have ended.
CREATE TABLE scheduled_messages (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id       INTEGER NOT NULL REFERENCES users (id),
    group_id      INTEGER NOT NULL REFERENCES groups (id),
    token_id      INTEGER,
    client_id     TEXT CHECK (length(client_id) BETWEEN 1 AND 64),
    document      TEXT NOT NULL CHECK (length(document) >= 2),
    send_at       INTEGER NOT NULL,
    due_at        INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    failed_code   TEXT CHECK (length(failed_code) >= 1),
    failed_detail TEXT CHECK ((failed_code IS NULL) = (failed_detail IS NULL)),
    failed_at     INTEGER CHECK ((failed_code IS NULL) = (failed_at IS NULL))
) STRICT;

CREATE INDEX scheduled_messages_by_user ON scheduled_messages (user_id, group_id, id);
CREATE INDEX scheduled_messages_by_group ON scheduled_messages (group_id);
CREATE INDEX scheduled_messages_due ON scheduled_messages (due_at, id) WHERE failed_at IS NULL;

-- Of which messages users want to be reminded. `is_due` is set when the user was told; `due_at` is `remind_at` unless the
-- database failed then.
CREATE TABLE reminders (
    user_id    INTEGER NOT NULL REFERENCES users (id),
    message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    remind_at  INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,
    is_due     INTEGER NOT NULL CHECK (is_due IN (0, 1)),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, message_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX reminders_by_message ON reminders (message_id);
CREATE INDEX reminders_due ON reminders (due_at, user_id, message_id) WHERE NOT is_due;
