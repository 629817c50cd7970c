-- Bans in the order of their ends, to remove those that ended long ago.
CREATE INDEX group_bans_by_end ON group_bans (until) WHERE until IS NOT NULL;
