-- Invites, by which people make themselves an account. Only hashes of codes are stored. Whether an invite still lets anybody in
-- depends on what its maker may do when it is used. The ids of its groups are separated by spaces; some may be gone.
CREATE TABLE server_invites (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    created_by INTEGER NOT NULL REFERENCES users (id),
    code_hash  BLOB NOT NULL UNIQUE CHECK (length(code_hash) = 32),
    group_ids  TEXT NOT NULL CHECK (length(group_ids) <= 400),
    note       TEXT CHECK (length(note) BETWEEN 1 AND 500),
    max_uses   INTEGER CHECK (max_uses BETWEEN 1 AND 100000),
    uses       INTEGER NOT NULL CHECK (uses >= 0 AND (max_uses IS NULL OR uses <= max_uses)),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX server_invites_by_maker ON server_invites (created_by, id);
