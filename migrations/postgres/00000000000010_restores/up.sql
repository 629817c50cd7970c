-- What `log_lineage()` said when the database was last opened. Where it says something else, the database was restored
-- or has failed over, and ids that were given out since may be missing from it.
ALTER TABLE log_state ADD COLUMN lineage TEXT COLLATE "C";
