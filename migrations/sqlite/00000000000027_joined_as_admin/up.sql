-- Whether somebody joined a group that they could not have joined without managing all groups: its members see that.

ALTER TABLE memberships ADD COLUMN as_admin INTEGER NOT NULL DEFAULT 0 CHECK (as_admin IN (0, 1));
