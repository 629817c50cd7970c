-- An event's place in the log, which has no gaps. It is missing until the sequencer has seen the event committed
-- and given it the next one. The head of the log is the greatest place.
ALTER TABLE events ADD COLUMN position BIGINT;

-- Events without a place aren't in the first index, and those with one aren't in the second, which therefore
-- stays small enough to be looked through again and again.
CREATE UNIQUE INDEX events_by_position ON events (position) WHERE position IS NOT NULL;
CREATE INDEX events_unnumbered ON events (id) WHERE position IS NULL;

-- Every event's row is written twice. The indexes name the column that changes, so the second time can't be HOT
-- and a fillfactor would gain nothing; but the old rows, also in the indexes, must not wait until a fifth of a
-- long log is old.
ALTER TABLE events SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 10000);
