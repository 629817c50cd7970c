-- One row that is written to see whether the database takes writes; nobody reads it.
CREATE TABLE storage_probe (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL
) STRICT;

INSERT INTO storage_probe (id, at) VALUES (1, 0);
