-- Roles that the server defines, and 'member', which every user has, once what it allows was changed: it has the id 2.
-- 'admin' has the id 1 and no row: it allows everything, and who has it is in `users`. `permissions` is a set of bits.
CREATE TABLE server_roles (
    id          INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id > 1),
    name        TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 50),
    permissions INTEGER NOT NULL CHECK (permissions >= 0)
) STRICT;

-- Ids from 3 on are given out.
INSERT INTO sqlite_sequence (name, seq) VALUES ('server_roles', 2);

-- Who has which of the roles that the server defines. A row may be left of a deleted role until a job removes it.
CREATE TABLE user_roles (
    user_id INTEGER NOT NULL REFERENCES users (id),
    role_id INTEGER NOT NULL CHECK (role_id > 2),
    PRIMARY KEY (user_id, role_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX user_roles_by_role ON user_roles (role_id, user_id);
