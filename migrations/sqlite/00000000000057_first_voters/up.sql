-- The first who vote for each option of a poll that is not anonymous, in the order in which they came, up to five of each: `3,7 - 12`.
-- NULL where nobody does.
ALTER TABLE polls ADD COLUMN first_voters TEXT
    CHECK (length(first_voters) BETWEEN 1 AND 2000) CHECK (first_voters IS NULL OR key_id IS NULL);

-- Those with votes that are not told yet: a clock that was ahead may have told the last ones.
CREATE INDEX polls_untold ON polls (told_at) WHERE is_untold;
