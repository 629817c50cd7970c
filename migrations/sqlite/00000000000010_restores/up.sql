-- "GCht": what tells a database of groupchat from those of other programs before it is opened.
PRAGMA application_id = 1195599988;

-- On PostgreSQL what `log_lineage()` said when the database was last opened. A file has no such thing: the program
-- itself restores it.
ALTER TABLE log_state ADD COLUMN lineage TEXT;
