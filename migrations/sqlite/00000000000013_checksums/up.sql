-- A CRC-32 of what a row says, made when the program writes the row: a flipped bit no longer matches it. NULL where
-- the row is from before; jobs compute what is missing.

ALTER TABLE messages ADD COLUMN checksum INTEGER CHECK (checksum BETWEEN 0 AND 4294967295);
ALTER TABLE events ADD COLUMN checksum INTEGER CHECK (checksum BETWEEN 0 AND 4294967295);

INSERT INTO jobs (kind, subject_id, run_after, created_at)
    SELECT 'checksum_messages', 0, 0, 0 WHERE EXISTS (SELECT 1 FROM messages);
INSERT INTO jobs (kind, subject_id, run_after, created_at)
    SELECT 'checksum_events', 0, 0, 0 WHERE EXISTS (SELECT 1 FROM events);
