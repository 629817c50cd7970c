-- Whether the group of a membership, a private one, was deleted: such memberships stay until the log has forgotten the
-- deletion, and whoever looks for the groups of a user passes over them.
ALTER TABLE memberships ADD COLUMN has_ended INTEGER NOT NULL DEFAULT 0 CHECK (has_ended IN (0, 1));
UPDATE memberships SET has_ended = 1 WHERE group_id IN (SELECT id FROM groups WHERE deleted_at IS NOT NULL);

DROP INDEX memberships_by_user;
CREATE INDEX memberships_by_user ON memberships (user_id, has_ended, group_id);
DROP INDEX memberships_by_user_and_role;
CREATE INDEX memberships_by_user_and_role ON memberships (user_id, has_ended, role, group_id);
