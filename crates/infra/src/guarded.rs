//! A storage that limits the writes of users.

use std::sync::Arc;

use groupchat_domain::storage::{Access, DiskSpace, Done, Storage, Work, WriteLimiter};

/// A storage with a pace for the writes of each user, and a reserve of room on the disk. Which write passes is
/// decided where users' writes begin ([`write_as`](../../groupchat_domain/storage/trait.Storage.html)); what the
/// server does by itself is not held up.
pub struct LimitedStorage {
    storage: Arc<dyn Storage>,
    limiter: Arc<dyn WriteLimiter>,
    disk: Option<Arc<dyn DiskSpace>>,
}

impl LimitedStorage {
    /// Guards a storage. Without a `disk` nobody knows how much room there is, as on a database server.
    pub fn new(
        storage: Arc<dyn Storage>,
        limiter: Arc<dyn WriteLimiter>,
        disk: Option<Arc<dyn DiskSpace>>,
    ) -> Self {
        Self { storage, limiter, disk }
    }
}

impl Storage for LimitedStorage {
    fn inner(&self) -> Option<&dyn Storage> {
        Some(&*self.storage)
    }

    fn submit(&self, access: Access, work: Work) -> Done {
        self.storage.submit(access, work)
    }

    fn write_limiter(&self) -> Option<&dyn WriteLimiter> {
        Some(&*self.limiter)
    }

    fn disk_space(&self) -> Option<&dyn DiskSpace> {
        self.disk.as_deref()
    }
}
