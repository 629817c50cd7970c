-- Whether somebody joined a group that they could not have joined without managing all groups: its members see that.

ALTER TABLE memberships ADD COLUMN as_admin BOOLEAN NOT NULL DEFAULT false;
