-- Groups that are closed or private, groups whose members read only what was sent after they came in, and rows for
-- conversations that have no name.

ALTER TABLE groups DROP CONSTRAINT groups_visibility_check;
ALTER TABLE groups ADD CONSTRAINT groups_visibility_check CHECK (visibility IN ('public', 'closed', 'private'));
ALTER TABLE groups ALTER COLUMN name DROP NOT NULL;
ALTER TABLE groups ALTER COLUMN name_key DROP NOT NULL;
ALTER TABLE groups ADD COLUMN history TEXT COLLATE "C" NOT NULL DEFAULT 'all' CHECK (history IN ('all', 'joined'));
ALTER TABLE groups ADD COLUMN kind TEXT COLLATE "C" NOT NULL DEFAULT 'group' CHECK (kind IN ('group', 'direct'));
ALTER TABLE groups ADD CHECK ((name IS NULL) = (kind = 'direct'));
ALTER TABLE groups ADD CHECK ((name_key IS NULL) = (kind = 'direct'));
ALTER TABLE groups ADD CHECK (kind = 'group' OR visibility = 'private');

-- Only the names of groups that others can find are unique: a taken name must not tell of a private group.
DROP INDEX groups_public_name;
CREATE UNIQUE INDEX groups_listed_name ON groups (name_key) WHERE visibility <> 'private' AND deleted_at IS NULL;

-- The number of the group's newest message when the member came in. Those who are in already keep reading all of it.
ALTER TABLE memberships ADD COLUMN joined_seq BIGINT NOT NULL DEFAULT 0 CHECK (joined_seq >= 0);
