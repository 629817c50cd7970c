-- Who wrote the message that mentions somebody: mentions by whom they block don't count for them. And from which number
-- on the read states of a member count who comes into the group: not below those of anybody who has left it, so that they
-- never go back for one who comes in again.
ALTER TABLE mentions ADD COLUMN author_id BIGINT REFERENCES users (id);
UPDATE mentions SET author_id = messages.author_id FROM messages WHERE messages.id = mentions.message_id;
ALTER TABLE mentions ALTER COLUMN author_id SET NOT NULL;

DROP INDEX mentions_by_place;
CREATE INDEX mentions_by_place ON mentions (user_id, group_id, root_seq, seq, author_id) WHERE is_told;

ALTER TABLE groups ADD COLUMN first_read_version BIGINT NOT NULL DEFAULT 1 CHECK (first_read_version >= 1);
