-- An event's place in the log, which has no gaps. Here that is its id: one writer gives the ids in the order of
-- its commits. On PostgreSQL ids and places differ, and both have their column, so that one code reads them.
--
-- SQLite doesn't see through the alias: a condition on `position` scans the table, the same on `id` seeks.
ALTER TABLE events ADD COLUMN position INTEGER GENERATED ALWAYS AS (id) VIRTUAL;
