//! What comes with a new account.

use crate::accounts::model::User;
use crate::error::Error;
use crate::ids::GroupId;
use crate::storage::Tx;

/// What comes with a new account, in the same transaction. Other features implement it.
#[cfg_attr(test, mockall::automock)]
pub trait Welcome: Send + Sync {
    /// Locks what [`welcome`](Self::welcome) will change, and these groups, all in the order of their ids. Comes first:
    /// groups are locked before users.
    ///
    /// # Errors
    /// A fault.
    fn prepare(&self, tx: &mut dyn Tx, further: &[GroupId]) -> Result<(), Error>;

    /// Does it for this user. MUST NOT refuse: nothing here keeps anybody from getting an account.
    ///
    /// # Errors
    /// A fault.
    fn welcome(&self, tx: &mut dyn Tx, user: &User) -> Result<(), Error>;
}

/// Nothing comes with a new account.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoWelcome;

impl Welcome for NoWelcome {
    fn prepare(&self, tx: &mut dyn Tx, further: &[GroupId]) -> Result<(), Error> {
        for group in further {
            tx.groups().lock(*group)?;
        }
        Ok(())
    }

    fn welcome(&self, _: &mut dyn Tx, _: &User) -> Result<(), Error> {
        Ok(())
    }
}
