-- Roles that groups define, and built-in roles whose permissions a group has changed. A built-in role without a row has
-- its defaults, which the program knows. `permissions` is a set of bits. 'owner' may do everything and has no row.
CREATE TABLE group_roles (
    group_id    BIGINT NOT NULL REFERENCES groups (id),
    name        TEXT COLLATE "C" NOT NULL CHECK (length(name) BETWEEN 1 AND 50) CHECK (name <> 'owner'),
    rank        BIGINT NOT NULL CHECK (rank BETWEEN 1 AND 99),
    permissions BIGINT NOT NULL CHECK (permissions >= 0),
    PRIMARY KEY (group_id, name)
);

-- A member's role is now any role of the group.
ALTER TABLE memberships DROP CONSTRAINT memberships_role_check;
ALTER TABLE memberships ADD CONSTRAINT memberships_role_check CHECK (length(role) BETWEEN 1 AND 50);
