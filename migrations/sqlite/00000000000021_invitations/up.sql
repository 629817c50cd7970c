-- Invitations of users to groups: at most one of a user to a group. Whether one still lets anybody in depends on what the
-- inviter may do when it is accepted.
CREATE TABLE invitations (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    group_id   INTEGER NOT NULL REFERENCES groups (id),
    user_id    INTEGER NOT NULL REFERENCES users (id),
    invited_by INTEGER NOT NULL REFERENCES users (id),
    role       TEXT NOT NULL CHECK (length(role) BETWEEN 1 AND 50),
    note       TEXT CHECK (length(note) BETWEEN 1 AND 500),
    created_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT;

CREATE UNIQUE INDEX invitations_by_user_and_group ON invitations (user_id, group_id);
CREATE INDEX invitations_by_user ON invitations (user_id, id);
CREATE INDEX invitations_by_group ON invitations (group_id, id);
CREATE INDEX invitations_by_inviter ON invitations (invited_by);

-- Events about invitations name them; the group stays out of what the invited are told.
ALTER TABLE events ADD COLUMN invitation_id INTEGER;
