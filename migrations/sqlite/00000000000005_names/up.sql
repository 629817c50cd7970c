-- What lists in the order of names need while names change, and by which rule the stored keys were folded.

-- One row: how many keys have changed so far, and the version of the folding that made the stored ones. 0 stands
-- for the rule before folding had a version; the program folds the names anew when it opens the database.
CREATE TABLE name_state (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    renames INTEGER NOT NULL CHECK (renames >= 0),
    folding INTEGER NOT NULL CHECK (folding >= 0)
) STRICT;

INSERT INTO name_state (id, renames, folding) VALUES (1, 0, 0);

-- The keys by which users and groups were listed before they changed, numbered by `name_state.renames`. The newest
-- few thousand are kept.
CREATE TABLE renames (
    id         INTEGER PRIMARY KEY,
    kind       TEXT NOT NULL CHECK (kind IN ('group', 'user')),
    subject_id INTEGER NOT NULL,
    old_key    TEXT NOT NULL CHECK (length(old_key) >= 1)
) STRICT;

CREATE INDEX renames_by_subject ON renames (kind, subject_id, id);
