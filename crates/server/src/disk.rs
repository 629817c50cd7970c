//! Watches the free space of the disk.

use std::sync::Arc;
use std::time::Duration;

use groupchat_infra::disk_space::{DiskWatch, Reserve};
use tokio::task::spawn_blocking;

use crate::config::Config;

/// How often to look. What is written meanwhile must be far less than the reserve.
const INTERVAL: Duration = Duration::from_secs(1);

/// What watches the file system of the embedded database, which it has looked at once; `None` if there is none.
pub(crate) fn watch(config: &Config) -> Option<Arc<DiskWatch>> {
    if config.database_url.is_some() {
        return None;
    }
    let reserve = Reserve { bytes: config.storage_reserve << 20, percent: config.storage_reserve_percent };
    let watch = Arc::new(DiskWatch::new(&config.data_dir, reserve));
    look(&watch);
    Some(watch)
}

/// Looks once a second, until it is dropped.
pub(crate) async fn run(watch: Option<Arc<DiskWatch>>) {
    let Some(watch) = watch else { return };
    loop {
        tokio::time::sleep(INTERVAL).await;
        let looked_at = Arc::clone(&watch);
        // Off the threads that others wait for: a network file system may take its time.
        let _ = spawn_blocking(move || look(&looked_at)).await;
    }
}

fn look(watch: &DiskWatch) {
    if let Err(error) = watch.refresh() {
        tracing::debug!(%error, "can't determine the free space of the disk");
    }
}
