-- Roles that groups define, and built-in roles whose permissions a group has changed. A built-in role without a row has
-- its defaults, which the program knows. `permissions` is a set of bits. 'owner' may do everything and has no row.
CREATE TABLE group_roles (
    group_id    INTEGER NOT NULL REFERENCES groups (id),
    name        TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 50) CHECK (name <> 'owner'),
    rank        INTEGER NOT NULL CHECK (rank BETWEEN 1 AND 99),
    permissions INTEGER NOT NULL CHECK (permissions >= 0),
    PRIMARY KEY (group_id, name)
) STRICT, WITHOUT ROWID;

-- A member's role is now any role of the group. SQLite can't change a CHECK, so the table is built anew; the trigger is
-- made again because it names the table.
DROP TRIGGER messages_after_insert;

CREATE TABLE new_memberships (
    group_id      INTEGER NOT NULL REFERENCES groups (id),
    user_id       INTEGER NOT NULL REFERENCES users (id),
    role          TEXT NOT NULL CHECK (length(role) BETWEEN 1 AND 50),
    read_seq      INTEGER NOT NULL CHECK (read_seq >= 0),
    joined_at     INTEGER NOT NULL,
    since_event   INTEGER NOT NULL CHECK (since_event >= 0),
    read_position INTEGER NOT NULL DEFAULT 0 CHECK (read_position >= 0),
    joined_seq    INTEGER NOT NULL DEFAULT 0 CHECK (joined_seq >= 0),
    PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;

INSERT INTO new_memberships (group_id, user_id, role, read_seq, joined_at, since_event, read_position, joined_seq)
    SELECT group_id, user_id, role, read_seq, joined_at, since_event, read_position, joined_seq FROM memberships;
DROP TABLE memberships;
ALTER TABLE new_memberships RENAME TO memberships;

CREATE INDEX memberships_by_user ON memberships (user_id, group_id);
-- Counts the owners and finds who takes over from the last one, however large the group.
CREATE INDEX memberships_by_role ON memberships (group_id, role, joined_at, user_id);
-- What is counted when users come to be in more groups, or to own more.
CREATE INDEX memberships_by_user_and_role ON memberships (user_id, role, group_id);

CREATE TRIGGER messages_after_insert AFTER INSERT ON messages BEGIN
    UPDATE groups SET last_seq = NEW.seq WHERE id = NEW.group_id;
    UPDATE memberships SET read_seq = NEW.seq WHERE group_id = NEW.group_id AND user_id = NEW.author_id;
END;
