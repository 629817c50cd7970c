//! The clock that rows are old by, as far as it can be trusted.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use groupchat_domain::operations::ClockTrust;
use groupchat_domain::time::{Clock, Timestamp};

/// Asked inside of each command that removes rows for their age, with the time that the command goes by. Clones share
/// what they know.
#[derive(Clone)]
pub(crate) struct TrustedClock {
    clock: Arc<dyn Clock>,
    trust: Arc<Mutex<ClockTrust>>,
    /// Whether it was believed last.
    believed: Arc<AtomicBool>,
}

impl TrustedClock {
    /// Trusts the clock as it is now, unless it is `doubtful`.
    pub(crate) fn new(clock: Arc<dyn Clock>, doubtful: bool) -> Self {
        let trust = ClockTrust::new(clock.now(), clock.steady(), doubtful);
        Self { clock, trust: Arc::new(Mutex::new(trust)), believed: Arc::new(AtomicBool::new(true)) }
    }

    /// Whether rows may be removed that are old at `now`. Logs when that changes.
    pub(crate) fn believes(&self, now: Timestamp) -> bool {
        let steady = self.clock.steady();
        let believes = self.trust.lock().unwrap_or_else(PoisonError::into_inner).believes(now, steady);
        if self.believed.swap(believes, Ordering::AcqRel) != believes {
            if believes {
                tracing::info!("the clock is trusted again: removing old data resumes");
            } else {
                tracing::warn!(
                    "the clock is not trusted: removing no old data until the clock is set back or has run evenly \
                     for a day"
                );
            }
        }
        believes
    }
}
