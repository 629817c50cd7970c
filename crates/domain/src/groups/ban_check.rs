//! The check that every way into a group makes.

use crate::error::Error;
use crate::groups::error::GroupRefusal;
use crate::ids::{GroupId, UserId};
use crate::storage::Tx;

/// Rejects whoever is banned from a group, which must be locked. Every way into a group asks this: what makes
/// memberships does, and so does what only prepares one, such as a request.
///
/// # Errors
/// [`GroupRefusal::Banned`], or a fault.
pub(crate) fn refuse_banned(tx: &mut dyn Tx, group: GroupId, user: UserId) -> Result<(), Error> {
    match tx.bans().find(group, user)? {
        None => Ok(()),
        Some(ban) => Err(GroupRefusal::Banned(ban.term()).into()),
    }
}
