//! A storage whose writes of users are guarded.

use std::sync::Arc;

use groupchat_domain::accounts::KeyHash;
use groupchat_domain::ids::UserId;
use groupchat_domain::storage::{Access, Condition, DiskSpace, Done, Storage, Work, WriteLimiter};

/// A storage with a pace for the writes of each user, and a reserve of room on the disk. Which write passes is
/// decided where users' writes begin ([`write_as`](../../groupchat_domain/storage/trait.Storage.html)); what the
/// server does by itself is not held up. Everything else is passed on: also what [`Storage`] has a default for.
pub struct GuardedStorage {
    storage: Arc<dyn Storage>,
    limiter: Arc<dyn WriteLimiter>,
    disk: Option<Arc<dyn DiskSpace>>,
}

impl GuardedStorage {
    /// Guards a storage. Without a `disk` nobody knows how much room there is, as on a database server.
    pub fn new(
        storage: Arc<dyn Storage>,
        limiter: Arc<dyn WriteLimiter>,
        disk: Option<Arc<dyn DiskSpace>>,
    ) -> Self {
        Self { storage, limiter, disk }
    }
}

impl Storage for GuardedStorage {
    fn submit(&self, access: Access, work: Work) -> Done {
        self.storage.submit(access, work)
    }

    fn knows_key(&self, key: &KeyHash) -> bool {
        self.storage.knows_key(key)
    }

    fn holder(&self, key: &KeyHash) -> Option<UserId> {
        self.storage.holder(key)
    }

    fn condition(&self) -> Condition {
        self.storage.condition()
    }

    fn write_limiter(&self) -> Option<&dyn WriteLimiter> {
        Some(&*self.limiter)
    }

    fn disk_space(&self) -> Option<&dyn DiskSpace> {
        self.disk.as_deref()
    }
}
