//! Suspending users: they can't sign in for now, while everything of theirs stays.

use crate::accounts::model::User;
use crate::accounts::owned_bots;
use crate::accounts::sessions::{self, Ending};
use crate::audit::{AuditAction, AuditEntry};
use crate::error::Error;
use crate::ids::UserId;
use crate::storage::Tx;

/// Ends the sessions of a user who is suspended from now on, and the connections of the user's bots, and records that, or
/// that it is over. The user must be locked exclusively.
pub(super) fn settle(
    tx: &mut dyn Tx,
    by: Option<UserId>,
    (before, after): (&User, &User),
    entry: impl Fn(AuditAction) -> AuditEntry,
) -> Result<(), Error> {
    let action = match (before.suspended, after.suspended) {
        (false, true) => {
            sessions::end(tx, by, after.id, Ending::All)?;
            owned_bots::stop(tx, by, after.id)?;
            AuditAction::UserSuspended
        }
        (true, false) => AuditAction::UserResumed,
        _ => return Ok(()),
    };
    tx.record(entry(action).to(after.id));
    Ok(())
}
