-- Bots: users with an owner, and with tokens only. What stands for the password is no hash. There is no foreign key, since tables
-- are copied by id, and a bot may have a lower one than its owner.
ALTER TABLE users ADD COLUMN owner_id BIGINT CHECK (owner_id <> id)
    CHECK ((owner_id IS NOT NULL) = (password_hash = '!'))
    CHECK (owner_id IS NULL
           OR (deleted_at IS NULL AND email IS NULL AND NOT is_admin AND NOT must_change_password));

CREATE INDEX users_by_owner ON users (owner_id, id) WHERE owner_id IS NOT NULL;
