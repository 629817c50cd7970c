-- Users, sessions, groups, members, messages, likes, durable jobs and the event log.
--
-- The domain checks every value before it is stored; the CHECKs here repeat its limits, so that a fault in
-- the program or a hand at the file can't store what the rest can't read. Times are microseconds since
-- 1970-01-01T00:00:00Z. Ids are AUTOINCREMENT, so that none is ever given out twice. `…_key` columns hold
-- names folded by the domain: SQLite itself folds only ASCII.

-- Users are never removed: messages keep their author. A deleted one keeps its id and nothing personal.
CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    username      TEXT CHECK (length(username) BETWEEN 1 AND 50),
    username_key  TEXT CHECK (length(username_key) >= 1),
    display_name  TEXT CHECK (length(display_name) BETWEEN 1 AND 100),
    display_key   TEXT,
    email         TEXT CHECK (length(email) BETWEEN 1 AND 254),
    is_admin      INTEGER NOT NULL CHECK (is_admin IN (0, 1)),
    password_hash TEXT CHECK (length(password_hash) >= 1),
    version       INTEGER NOT NULL CHECK (version >= 1),
    created_at    INTEGER NOT NULL,
    deleted_at    INTEGER,
    CHECK ((username IS NULL) = (username_key IS NULL)),
    CHECK ((display_name IS NULL) = (display_key IS NULL)),
    CHECK ((username IS NULL) = (deleted_at IS NOT NULL)),
    CHECK ((password_hash IS NULL) = (deleted_at IS NOT NULL)),
    CHECK (deleted_at IS NULL OR (display_name IS NULL AND email IS NULL AND is_admin = 0))
) STRICT;

-- Also the order of the list.
CREATE UNIQUE INDEX users_by_username ON users (username_key) WHERE deleted_at IS NULL;
CREATE INDEX users_admins ON users (id) WHERE is_admin;

-- What API keys stand for. `name`, `scopes` and the kind 'token' are for keys that a user makes by hand.
CREATE TABLE sessions (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id      INTEGER NOT NULL REFERENCES users (id),
    kind         TEXT NOT NULL CHECK (kind IN ('login', 'provisioned', 'token')),
    name         TEXT,
    scopes       TEXT,
    key_hash     BLOB NOT NULL UNIQUE CHECK (length(key_hash) = 32),
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    user_agent   TEXT,
    address      TEXT
) STRICT;

CREATE INDEX sessions_by_user ON sessions (user_id, id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- A deleted group stays until what it holds is purged.
CREATE TABLE groups (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    name_key     TEXT NOT NULL CHECK (length(name_key) >= 1),
    description  TEXT CHECK (length(description) <= 1000),
    visibility   TEXT NOT NULL CHECK (visibility IN ('public', 'private')),
    version      INTEGER NOT NULL CHECK (version >= 1),
    created_at   INTEGER NOT NULL,
    deleted_at   INTEGER,
    member_count INTEGER NOT NULL CHECK (member_count >= 0),
    last_seq     INTEGER NOT NULL CHECK (last_seq >= 0)
) STRICT;

CREATE UNIQUE INDEX groups_public_name ON groups (name_key) WHERE visibility = 'public' AND deleted_at IS NULL;
CREATE INDEX groups_by_name ON groups (name_key, id) WHERE deleted_at IS NULL;

CREATE TABLE memberships (
    group_id    INTEGER NOT NULL REFERENCES groups (id),
    user_id     INTEGER NOT NULL REFERENCES users (id),
    role        TEXT NOT NULL CHECK (role IN ('member', 'admin', 'owner')),
    read_seq    INTEGER NOT NULL CHECK (read_seq >= 0),
    joined_at   INTEGER NOT NULL,
    since_event INTEGER NOT NULL CHECK (since_event >= 0),
    PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX memberships_by_user ON memberships (user_id, group_id);
-- Counts the owners and finds who takes over from the last one, however large the group.
CREATE INDEX memberships_by_role ON memberships (group_id, role, joined_at, user_id);

-- A deleted message stays as its tombstone. `text` comes last, so that reading the other columns of a row
-- never has to walk a long text.
CREATE TABLE messages (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    group_id   INTEGER NOT NULL REFERENCES groups (id),
    seq        INTEGER NOT NULL CHECK (seq >= 1),
    author_id  INTEGER NOT NULL REFERENCES users (id),
    client_id  TEXT CHECK (length(client_id) BETWEEN 1 AND 64),
    version    INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    edited_at  INTEGER,
    deleted_at INTEGER,
    likes      INTEGER NOT NULL CHECK (likes >= 0),
    text       TEXT CHECK (length(text) BETWEEN 1 AND 10000),
    CHECK ((text IS NULL) = (deleted_at IS NOT NULL)),
    CHECK (deleted_at IS NULL OR likes = 0)
) STRICT;

CREATE UNIQUE INDEX messages_by_seq ON messages (group_id, seq);
CREATE UNIQUE INDEX messages_by_client_id ON messages (group_id, author_id, client_id)
    WHERE client_id IS NOT NULL;

-- A message's number becomes the group's last, and its author has read up to it. Here and not in the program,
-- so that a send is one statement.
CREATE TRIGGER messages_after_insert AFTER INSERT ON messages BEGIN
    UPDATE groups SET last_seq = NEW.seq WHERE id = NEW.group_id;
    UPDATE memberships SET read_seq = NEW.seq WHERE group_id = NEW.group_id AND user_id = NEW.author_id;
END;

-- A like is the reaction 👍. `messages.likes` counts them, also those of users deleted since.
CREATE TABLE reactions (
    message_id INTEGER NOT NULL REFERENCES messages (id),
    emoji      TEXT NOT NULL CHECK (length(emoji) >= 1),
    user_id    INTEGER NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (message_id, emoji, user_id)
) STRICT, WITHOUT ROWID;

-- Work that goes on after the command that asked for it, also after a restart.
CREATE TABLE jobs (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT NOT NULL,
    subject_id INTEGER NOT NULL,
    run_after  INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX jobs_by_time ON jobs (run_after, id);

-- The event log. The id is the event's position; `sqlite_sequence` keeps the head, which pruning can't reset.
-- No foreign keys: an event outlives what it names.
CREATE TABLE events (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    type       TEXT NOT NULL,
    actor_id   INTEGER,
    audience   TEXT NOT NULL CHECK (audience IN ('all', 'group', 'group_and_user', 'user', 'session')),
    group_id   INTEGER,
    user_id    INTEGER,
    message_id INTEGER,
    session_id INTEGER
) STRICT;

-- One row: the log's epoch, which changes when positions start to mean something else.
CREATE TABLE log_state (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    epoch TEXT NOT NULL CHECK (length(epoch) >= 1)
) STRICT;
