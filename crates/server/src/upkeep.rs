//! Sees in the background to what time does: old events, expired tickets and networks of old logins go, and a clock that
//! was set is noticed.

use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::Error;
use groupchat_domain::accounts::{begin_sessions_anew, remove_expired_tickets, remove_old_known_networks};
use groupchat_domain::events::{Retention, prune};
use groupchat_domain::storage::{Access, Caller, Mode, Storage, Tx};
use groupchat_domain::time::{Clock, Timestamp};

use crate::guard::guarded;

/// How often to look.
const EVERY: Duration = Duration::from_secs(60);
/// A long-neglected log is cleaned up in steps, between which others get a turn, and not in one go.
const BETWEEN_STEPS: Duration = Duration::from_millis(20);

const ACCESS: Access = Access { mode: Mode::Write, caller: Caller::System };

/// A clock that is set back by less than this changes nothing that matters.
const CLOCK_STEP: Duration = Duration::from_secs(60);

/// Does it once a minute, until it is dropped. Dropping it between two commands loses nothing.
pub async fn run(
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    retention: Retention,
    networks_known_for: Duration,
) {
    let mut setting = None;
    loop {
        // Each by itself: one that fails must not keep what the other removes.
        let is = Setting::of(&*clock);
        if setting.is_none_or(|before| is.is_behind(before)) {
            let beginning = in_steps(storage.as_ref(), begin_sessions_anew);
            report("sessions of a clock that was ahead", guarded(beginning).await);
        }
        setting = Some(is);
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

/// How the clock is set: what it would have told at the first moment of this process.
#[derive(Debug, Clone, Copy)]
struct Setting(Timestamp);

impl Setting {
    fn of(clock: &dyn Clock) -> Self {
        Self(clock.now().minus(clock.steady()))
    }

    /// Whether the clock was set back in between.
    fn is_behind(self, before: Self) -> bool {
        self.0.plus(CLOCK_STEP) < before.0
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
    use groupchat_infra::clock::SystemClock;

    use super::*;
    use crate::guard::BrokenStorage;

    #[tokio::test]
    async fn what_fails_does_not_keep_the_rest() {
        let storage = Arc::<BrokenStorage>::default();
        let known_for = Duration::from_secs(60);
        let running = run(storage.clone(), Arc::new(SystemClock), Retention::default(), known_for);
        let running = tokio::spawn(running);
        // In much less than the time until it looks again.
        storage.tried(4).await;
        running.abort();
    }

    #[test]
    fn a_clock_that_was_set_back_is_noticed_and_one_that_goes_on_is_not() {
        let micros = |seconds: i64| Setting(Timestamp::from_micros(seconds * 1_000_000));
        for (before, now, is_behind) in
            [(0, 0, false), (0, 31_536_000, false), (0, -60, false), (0, -61, true), (31_536_000, 0, true)]
        {
            assert_eq!(micros(now).is_behind(micros(before)), is_behind, "{before} {now}");
        }
    }
}
