//! A storage that limits the writes of users.

use std::sync::Arc;

use arc_swap::ArcSwap;
use groupchat_domain::accounts::FactorPolicy;
use groupchat_domain::storage::{Access, DiskSpace, Done, Storage, Work, WriteLimiter};

/// A storage with a rate limit for each user's writes, a reserve of disk space, and a policy for second factors. The domain decides which writes pass
/// where users' writes begin ([`write_as`](../../groupchat_domain/storage/trait.Storage.html)). The server's own
/// commands are not limited.
pub struct LimitedStorage {
    storage: Arc<dyn Storage>,
    limiter: Arc<dyn WriteLimiter>,
    disk: Option<Arc<dyn DiskSpace>>,
    factor_policy: Arc<ArcSwap<FactorPolicy>>,
}

impl LimitedStorage {
    /// Wraps a storage. Without a `disk` the free space is unknown, as on a database server. The policy for
    /// second factors may be replaced at any time.
    pub fn new(
        storage: Arc<dyn Storage>,
        limiter: Arc<dyn WriteLimiter>,
        disk: Option<Arc<dyn DiskSpace>>,
        factor_policy: Arc<ArcSwap<FactorPolicy>>,
    ) -> Self {
        Self { storage, limiter, disk, factor_policy }
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

    fn factor_policy(&self) -> FactorPolicy {
        **self.factor_policy.load()
    }
}
