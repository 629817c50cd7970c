//! Removing old entries.

use std::time::Duration;

use crate::audit::entry::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::storage::Tx;

/// Entries that one command removes.
const REMOVE_BATCH: i64 = 500;

/// How much older than that the oldest entry becomes first. Each removal is an entry itself: without, there would be one
/// every minute.
const SLACK: Duration = Duration::from_secs(24 * 3600);

/// Removes a batch of entries that are older than `retention`, and records that. Returns whether there may be more.
///
/// # Errors
/// A fault.
pub fn prune_audit(tx: &mut dyn Tx, retention: Duration) -> Result<bool, Error> {
    let before = tx.now().minus(retention);
    let pruned = tx.audit().head()?.pruned;
    let oldest = tx.audit().walk(pruned, 1)?;
    if oldest.first().is_none_or(|oldest| oldest.at >= before.minus(SLACK)) {
        return Ok(false);
    }
    let Some(last) = tx.audit().prune(before, REMOVE_BATCH)? else { return Ok(false) };
    tx.record(AuditEntry::by_server(AuditAction::AuditPruned).about(last));
    Ok(last - pruned >= REMOVE_BATCH)
}

#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::*;
    use crate::audit::{AuditHash, AuditHead, AuditRecord};
    use crate::testing::{MockTx, NOW};
    use crate::time::Timestamp;

    const RETENTION: Duration = Duration::from_secs(3600);

    fn record(at: Timestamp) -> AuditRecord {
        AuditRecord {
            seq: 101,
            at,
            action: String::new(),
            outcome: String::new(),
            party: String::new(),
            actor: None,
            session: None,
            target: None,
            group: None,
            object: None,
            detail: None,
            address: None,
            user_agent: None,
            hash: AuditHash::ZERO,
        }
    }

    fn log(oldest: Option<Timestamp>) -> MockTx {
        let mut tx = MockTx::new();
        let head = AuditHead { count: 900, hash: AuditHash::ZERO, pruned: 100, pruned_hash: AuditHash::ZERO };
        tx.audit.expect_head().returning(move || Ok(head));
        let walked = oldest.map(record).into_iter().collect::<Vec<_>>();
        tx.audit.expect_walk().with(eq(100), eq(1)).return_once(move |_, _| Ok(walked));
        tx
    }

    fn prunes(last: Option<i64>) -> (bool, Vec<AuditEntry>) {
        let mut tx = log(Some(Timestamp::from_micros(0)));
        let prune = tx.audit.expect_prune().with(eq(NOW.minus(RETENTION)), eq(REMOVE_BATCH));
        prune.times(1).returning(move |_, _| Ok(last));
        (prune_audit(&mut tx, RETENTION).unwrap(), tx.recorded)
    }

    #[test]
    fn what_was_removed_is_recorded() {
        assert_eq!(prunes(None), (false, Vec::new()));
        let entry = |last| vec![AuditEntry::by_server(AuditAction::AuditPruned).about(last)];
        assert_eq!(prunes(Some(599)), (false, entry(599)));
        assert_eq!(prunes(Some(600)), (true, entry(600)));
    }

    #[test]
    fn nothing_is_removed_until_a_day_is_to_be() {
        let oldest_that_stays = NOW.minus(RETENTION).minus(SLACK);
        for oldest in [None, Some(NOW), Some(oldest_that_stays)] {
            assert_eq!(prune_audit(&mut log(oldest), RETENTION), Ok(false));
        }
    }
}
