//! What opening a database has in common for all databases.

use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::secrets::Sealer;
use groupchat_domain::storage::{Storage, StorageFault};

/// A database in use, whichever it is.
pub trait DatabaseStorage: Storage {
    /// Sets what encrypts the keys of anonymous polls. Before, nobody can make or vote in one. Does nothing the second time.
    fn seal_with(&self, sealer: Arc<dyn Sealer>);

    /// Gives room that became free back to the disk, in steps between which others get a turn. Does nothing where the database
    /// does so by itself. Blocks.
    ///
    /// # Errors
    /// A fault. The rest is given back later.
    fn give_room_back(&self) -> Result<(), StorageFault> {
        Ok(())
    }

    /// Rejects new commands, finishes those that wait until `deadline` has passed and turns away the rest, and lets
    /// go of the database. Does nothing the second time. Blocks: not for a thread of an async runtime.
    fn shutdown(&self, deadline: Duration);
}
