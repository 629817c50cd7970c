-- The audit log. Each entry has the hash of the one before it in its own, so that a change shows. Ids refer to nothing:
-- entries stay when what they are about is gone, and storing one locks no other row.
CREATE TABLE audit_log (
    seq        INTEGER PRIMARY KEY CHECK (seq >= 1),
    at         INTEGER NOT NULL,
    action     TEXT NOT NULL CHECK (length(action) BETWEEN 1 AND 50),
    outcome    TEXT NOT NULL CHECK (outcome IN ('ok', 'failed')),
    party      TEXT NOT NULL CHECK (party IN ('user', 'operator', 'server', 'stranger')),
    actor_id   INTEGER,
    session_id INTEGER,
    target_id  INTEGER,
    group_id   INTEGER,
    object_id  INTEGER,
    detail     TEXT CHECK (length(detail) BETWEEN 1 AND 2000),
    address    TEXT CHECK (length(address) BETWEEN 1 AND 50),
    user_agent TEXT CHECK (length(user_agent) BETWEEN 1 AND 200),
    hash       BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

-- Lists are in the order of the times: where the clock was set back, that is not the order of the numbers.
CREATE INDEX audit_log_by_time ON audit_log (at, seq);
CREATE INDEX audit_log_by_actor ON audit_log (actor_id, at, seq) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_log_by_target ON audit_log (target_id, at, seq) WHERE target_id IS NOT NULL;
CREATE INDEX audit_log_by_group ON audit_log (group_id, at, seq) WHERE group_id IS NOT NULL;
CREATE INDEX audit_log_by_action ON audit_log (action, at, seq);

-- The number and the hash of the newest entry, a second time, so that a cut end shows; and where the log begins since
-- old entries were removed.
CREATE TABLE audit_state (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    newest      INTEGER NOT NULL,
    newest_hash BLOB NOT NULL CHECK (length(newest_hash) = 32),
    pruned      INTEGER NOT NULL CHECK (pruned >= 0) CHECK (pruned <= newest),
    pruned_hash BLOB NOT NULL CHECK (length(pruned_hash) = 32)
) STRICT;

INSERT INTO audit_state (id, newest, newest_hash, pruned, pruned_hash) VALUES (1, 0, zeroblob(32), 0, zeroblob(32));

CREATE TRIGGER audit_log_before_update BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER audit_log_before_delete BEFORE DELETE ON audit_log
WHEN OLD.seq > (SELECT pruned FROM audit_state)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
