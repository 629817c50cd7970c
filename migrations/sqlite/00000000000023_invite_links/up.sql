-- Links by which whoever knows their code comes into a group. Only hashes of codes are stored. Whether a link still lets
-- anybody in depends on what its maker may do when it is used.
CREATE TABLE invite_links (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    group_id   INTEGER NOT NULL REFERENCES groups (id),
    created_by INTEGER NOT NULL REFERENCES users (id),
    code_hash  BLOB NOT NULL UNIQUE CHECK (length(code_hash) = 32),
    role       TEXT NOT NULL CHECK (length(role) BETWEEN 1 AND 50),
    note       TEXT CHECK (length(note) BETWEEN 1 AND 500),
    max_uses   INTEGER CHECK (max_uses BETWEEN 1 AND 100000),
    uses       INTEGER NOT NULL CHECK (uses >= 0 AND (max_uses IS NULL OR uses <= max_uses)),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX invite_links_by_group ON invite_links (group_id, id);
CREATE INDEX invite_links_by_maker ON invite_links (created_by, id);
