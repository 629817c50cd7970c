-- What lists in the order of names need while names change, and by which rule the stored keys were folded.

-- One row: how many keys have changed so far, and the version of the folding that made the stored ones. 0 stands
-- for the rule before folding had a version; the program folds the names anew when it opens the database. The row
-- is locked from a rename until its commit, so that the numbers follow the order of the commits.
CREATE TABLE name_state (
    id      BIGINT PRIMARY KEY CHECK (id = 1),
    renames BIGINT NOT NULL CHECK (renames >= 0),
    folding BIGINT NOT NULL CHECK (folding >= 0)
);

INSERT INTO name_state (id, renames, folding) VALUES (1, 0, 0);

-- The keys by which users and groups were listed before they changed, numbered by `name_state.renames`. The newest
-- few thousand are kept.
CREATE TABLE renames (
    id         BIGINT PRIMARY KEY,
    kind       TEXT COLLATE "C" NOT NULL CHECK (kind IN ('group', 'user')),
    subject_id BIGINT NOT NULL,
    old_key    TEXT COLLATE "C" NOT NULL CHECK (length(old_key) >= 1)
);

CREATE INDEX renames_by_subject ON renames (kind, subject_id, id);
