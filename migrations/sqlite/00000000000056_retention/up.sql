-- Messages that are removed for their age: of a group all up to the number `trimmed_seq`, but for `kept_count` messages that
-- are exempt, with the replies to them. `trimmed_id` is the greatest id of a message that was removed. What is removed in
-- several steps has the numbers from `hidden_from` to `hidden_to`, with the replies: nobody reads these messages any more.
-- `retention_days` is how many days messages stay: 0 is for ever, NULL is what the server says.
ALTER TABLE groups ADD COLUMN retention_days INTEGER CHECK (retention_days BETWEEN 0 AND 36500);
ALTER TABLE groups ADD COLUMN trimmed_seq INTEGER NOT NULL DEFAULT 0
    CHECK (trimmed_seq >= 0 AND (trimmed_seq <= last_seq OR last_seq < 0));
ALTER TABLE groups ADD COLUMN trimmed_id INTEGER NOT NULL DEFAULT 0 CHECK (trimmed_id >= 0);
ALTER TABLE groups ADD COLUMN kept_count INTEGER NOT NULL DEFAULT 0 CHECK (kept_count BETWEEN 0 AND trimmed_seq);
ALTER TABLE groups ADD COLUMN hidden_from INTEGER CHECK (hidden_from >= 1);
ALTER TABLE groups ADD COLUMN hidden_to INTEGER
    CHECK ((hidden_to IS NULL) = (hidden_from IS NULL)) CHECK (hidden_to BETWEEN hidden_from AND trimmed_seq);

-- For the drafts in threads that are removed.
CREATE INDEX drafts_by_root ON drafts (root_id);

-- As before, but not where numbers of removed messages are taken out: then the new first number is one of the old ones.
DROP TRIGGER memberships_after_update;
CREATE TRIGGER memberships_after_update AFTER UPDATE OF recent_seqs ON memberships
WHEN length(OLD.recent_seqs) >= 120
    AND instr(' ' || OLD.recent_seqs || ' ', ' ' || CAST(NEW.recent_seqs AS INTEGER) || ' ') = 0 BEGIN
    INSERT INTO author_runs
    VALUES (OLD.group_id, OLD.user_id, 0, CAST(OLD.recent_seqs AS INTEGER), OLD.recent_seqs);
END;
