-- Receipts: whether members see how far others have read. NULL leaves it to the kind and the size of the group.
ALTER TABLE groups ADD COLUMN receipts INTEGER CHECK (receipts IN (0, 1));
ALTER TABLE users ADD COLUMN receipts_hidden INTEGER NOT NULL DEFAULT 0 CHECK (receipts_hidden IN (0, 1));

-- How often something was marked as unread, from 1: by it clients know which of two read cursors is newer.
ALTER TABLE memberships ADD COLUMN read_version INTEGER NOT NULL DEFAULT 1 CHECK (read_version >= 1);
ALTER TABLE thread_members ADD COLUMN read_version INTEGER NOT NULL DEFAULT 1 CHECK (read_version >= 1);
