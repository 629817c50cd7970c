//! Sees in the background to what time does: old events, expired tickets and networks of old logins go.

use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::Error;
use groupchat_domain::accounts::{remove_expired_tickets, remove_old_known_networks};
use groupchat_domain::events::{Retention, prune};
use groupchat_domain::storage::{Access, Caller, Mode, Storage, Tx};

use crate::guard::guarded;

/// How often to look.
const EVERY: Duration = Duration::from_secs(60);
/// A long-neglected log is cleaned up in steps, between which others get a turn, and not in one go.
const BETWEEN_STEPS: Duration = Duration::from_millis(20);

const ACCESS: Access = Access { mode: Mode::Write, caller: Caller::System };

/// Does it once a minute, until it is dropped. Dropping it between two commands loses nothing.
pub async fn run(storage: Arc<dyn Storage>, retention: Retention, networks_known_for: Duration) {
    loop {
        // Each by itself: one that fails must not keep what the other removes.
        let pruning = in_steps(storage.as_ref(), move |tx| prune(tx, retention));
        report("old events", guarded(pruning).await);
        let cleaning = in_steps(storage.as_ref(), remove_expired_tickets);
        report("expired tickets", guarded(cleaning).await);
        let forgetting =
            in_steps(storage.as_ref(), move |tx| remove_old_known_networks(tx, networks_known_for));
        report("networks of old logins", guarded(forgetting).await);
        tokio::time::sleep(EVERY).await;
    }
}

fn report(what: &str, outcome: Option<Result<(), Error>>) {
    match outcome {
        Some(Ok(())) => {}
        Some(Err(error)) => tracing::warn!(what, %error, "they can't be seen to now"),
        None => tracing::error!(what, "seeing to them panicked"),
    }
}

/// Runs a command until it says that there is no more to do.
async fn in_steps(
    storage: &dyn Storage,
    step: impl Fn(&mut dyn Tx) -> Result<bool, Error> + Copy + Send + 'static,
) -> Result<(), Error> {
    while storage.run(ACCESS, step).await? {
        tokio::time::sleep(BETWEEN_STEPS).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::BrokenStorage;

    #[tokio::test]
    async fn what_fails_does_not_keep_the_rest() {
        let storage = Arc::<BrokenStorage>::default();
        let known_for = Duration::from_secs(60);
        let running = run(storage.clone(), Retention::default(), known_for);
        let running = tokio::spawn(running);
        // In much less than the time until it looks again.
        storage.tried(3).await;
        running.abort();
    }
}
