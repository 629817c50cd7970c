-- A member's own settings of a group, which nobody else sees.

ALTER TABLE memberships ADD COLUMN notify TEXT COLLATE "C" NOT NULL DEFAULT 'all'
    CHECK (notify IN ('all', 'mentions', 'none'));
ALTER TABLE memberships ADD COLUMN pinned BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE memberships ADD COLUMN hidden BOOLEAN NOT NULL DEFAULT false;
