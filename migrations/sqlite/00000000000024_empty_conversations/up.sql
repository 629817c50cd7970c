-- Direct conversations that nobody is left in: from now on they go with the last of their people, and so do those from
-- before.
INSERT INTO jobs (kind, subject_id, run_after, created_at)
    SELECT 'forget_group', id, 0, 0 FROM groups
    WHERE kind = 'direct' AND member_count = 0 AND deleted_at IS NULL ORDER BY id;
UPDATE groups SET deleted_at = created_at
    WHERE kind = 'direct' AND member_count = 0 AND deleted_at IS NULL;
