-- What is counted when users come to be in more groups, or to own more.

CREATE INDEX memberships_by_user_and_role ON memberships (user_id, role, group_id);

-- A group with members has an owner. Whoever joined one whose last member's account had been deleted was made a plain
-- member until now: who has served longest, admins first, becomes the owner.
UPDATE memberships SET role = 'owner'
WHERE NOT EXISTS (
    SELECT 1 FROM memberships AS owners
    WHERE owners.group_id = memberships.group_id AND owners.role = 'owner'
)
AND user_id = (
    SELECT heirs.user_id FROM memberships AS heirs
    JOIN users ON users.id = heirs.user_id
    WHERE heirs.group_id = memberships.group_id AND users.deleted_at IS NULL
    ORDER BY heirs.role, heirs.joined_at, heirs.user_id LIMIT 1
);
