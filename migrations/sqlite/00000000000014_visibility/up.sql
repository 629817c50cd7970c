-- Groups that are closed or private, groups whose members read only what was sent after they came in, and rows for
-- conversations that have no name. A CHECK can't be altered, so the table is written again; foreign keys are off
-- meanwhile. The trigger names the table, which would keep it from being renamed.

DROP TRIGGER messages_after_insert;

CREATE TABLE new_groups (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT CHECK (length(name) BETWEEN 1 AND 100),
    name_key     TEXT CHECK (length(name_key) >= 1),
    description  TEXT CHECK (length(description) <= 1000),
    visibility   TEXT NOT NULL CHECK (visibility IN ('public', 'closed', 'private')),
    version      INTEGER NOT NULL CHECK (version >= 1),
    created_at   INTEGER NOT NULL,
    deleted_at   INTEGER,
    member_count INTEGER NOT NULL CHECK (member_count >= 0),
    last_seq     INTEGER NOT NULL CHECK (last_seq >= 0),
    history      TEXT NOT NULL DEFAULT 'all' CHECK (history IN ('all', 'joined')),
    kind         TEXT NOT NULL DEFAULT 'group' CHECK (kind IN ('group', 'direct')),
    CHECK ((name IS NULL) = (kind = 'direct')),
    CHECK ((name_key IS NULL) = (kind = 'direct')),
    CHECK (kind = 'group' OR visibility = 'private')
) STRICT;

INSERT INTO new_groups (id, name, name_key, description, visibility, version, created_at, deleted_at, member_count,
        last_seq)
    SELECT id, name, name_key, description, visibility, version, created_at, deleted_at, member_count, last_seq
    FROM groups;

-- The ids of groups that are gone must not be given out again.
DELETE FROM sqlite_sequence WHERE name = 'new_groups';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new_groups', seq FROM sqlite_sequence WHERE name = 'groups';

DROP TABLE groups;
ALTER TABLE new_groups RENAME TO groups;

-- Only the names of groups that others can find are unique: a taken name must not tell of a private group.
CREATE UNIQUE INDEX groups_listed_name ON groups (name_key) WHERE visibility <> 'private' AND deleted_at IS NULL;
CREATE INDEX groups_by_name ON groups (name_key, id) WHERE deleted_at IS NULL;

CREATE TRIGGER messages_after_insert AFTER INSERT ON messages BEGIN
    UPDATE groups SET last_seq = NEW.seq WHERE id = NEW.group_id;
    UPDATE memberships SET read_seq = NEW.seq WHERE group_id = NEW.group_id AND user_id = NEW.author_id;
END;

-- The number of the group's newest message when the member came in. Those who are in already keep reading all of it.
ALTER TABLE memberships ADD COLUMN joined_seq INTEGER NOT NULL DEFAULT 0 CHECK (joined_seq >= 0);
