-- When the reason and the end of a ban were set: an event that is older or newer tells of other ones.
ALTER TABLE group_bans ADD COLUMN terms_at BIGINT NOT NULL DEFAULT 0;
UPDATE group_bans SET terms_at = created_at;
