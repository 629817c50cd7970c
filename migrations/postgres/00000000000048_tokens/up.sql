-- Tokens: sessions of programs. They have a name and scopes, each with those that it contains. The groups are the ids of those
-- that a token is for, in order; NULL if it is for all. A token without an end ends with the year 9999.
ALTER TABLE sessions ADD COLUMN group_ids TEXT COLLATE "C" CHECK (length(group_ids) BETWEEN 1 AND 1000)
    CHECK (group_ids IS NULL OR kind = 'token')
    CHECK ((kind = 'token') = (scopes IS NOT NULL))
    CHECK (scopes IN ('read', 'read write', 'read write admin'))
    CHECK (kind <> 'token' OR name IS NOT NULL)
    CHECK (kind <> 'token' OR refresh_selector IS NULL);

CREATE INDEX sessions_of_tokens ON sessions (user_id, id) WHERE kind = 'token';
