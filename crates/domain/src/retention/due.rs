//! Which groups may have messages to remove.

use crate::error::Error;
use crate::ids::GroupId;
use crate::retention::terms::RetentionTerms;
use crate::storage::Tx;

/// Of the next `count` groups after this one, those of which messages may have to be removed, and the last one that was looked at;
/// `None` where that was the last of all.
pub(super) fn due(
    tx: &mut dyn Tx,
    after: GroupId,
    count: i64,
    terms: &RetentionTerms,
) -> Result<(Vec<GroupId>, Option<GroupId>), Error> {
    let now = tx.now();
    let found = tx.retention().groups(after, count)?;
    let is_full = i64::try_from(found.len()).is_ok_and(|found| found >= count);
    let next = found.last().map(|state| state.group).filter(|_| is_full);
    let due = found.iter().filter(|state| terms.concern(state, now)).map(|state| state.group);
    Ok((due.collect(), next))
}
