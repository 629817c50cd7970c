//! Maintenance in the background: removes old events, expired sessions and tickets, networks and devices of old logins, what
//! only retries of refreshes need, and old entries of the audit log.

mod trusted_clock;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use groupchat_domain::Error;
use groupchat_domain::accounts::{
    remove_expired_sessions, remove_expired_tickets, remove_old_known_devices, remove_old_known_networks,
    remove_old_pending_accounts, remove_old_resets, remove_old_salts,
};
use groupchat_domain::audit::prune_audit;
use groupchat_domain::events::{Retention, prune};
use groupchat_domain::factors::remove_expired_half_logins;
use groupchat_domain::groups::remove_ended_bans;
use groupchat_domain::storage::{Access, Caller, Mode, Storage, Tx};

use crate::panic_guard::guarded;

pub(crate) use trusted_clock::TrustedClock;

/// How often to look.
pub(crate) const INTERVAL: Duration = Duration::from_secs(60);
/// A long-neglected log is cleaned up in steps, between which others get a turn, and not in one go.
const BETWEEN_STEPS: Duration = Duration::from_millis(20);

const ACCESS: Access = Access { mode: Mode::Write, caller: Caller::System };

/// What it works on.
pub(crate) struct Maintenance {
    /// The database.
    pub storage: Arc<dyn Storage>,
    /// Whether what is old by the clock may go.
    pub trust: TrustedClock,
    /// What is old. May be replaced at any time.
    pub ages: Arc<ArcSwap<Ages>>,
    /// How often to look.
    pub every: Duration,
}

/// What is old.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ages {
    /// Which events stay.
    pub retention: Retention,
    /// For how long a network is known after a login from there.
    pub networks_known_for: Duration,
    /// For how long a device is known after a login on it.
    pub devices_known_for: Duration,
    /// For how long entries of the audit log stay.
    pub audit_retention: Duration,
    /// How long a refresh may be retried.
    pub refresh_grace: Duration,
}

impl Maintenance {
    /// Works until it is dropped. Dropping it between two commands loses nothing.
    pub(crate) async fn run(self) {
        loop {
            self.do_all().await;
            tokio::time::sleep(self.every).await;
        }
    }

    /// Each by itself: one that fails must not keep what the other removes.
    async fn do_all(&self) {
        let Ages { retention, networks_known_for, devices_known_for, audit_retention, refresh_grace } =
            **self.ages.load();
        self.remove("old events", move |tx, trust| {
            // The limit of rows holds whatever the clock says.
            let age = if trust.believes(tx.now()) { retention.age } else { Duration::MAX };
            prune(tx, Retention { age, ..retention })
        })
        .await;
        self.remove("networks of old logins", move |tx, trust| {
            Ok(trust.believes(tx.now()) && remove_old_known_networks(tx, networks_known_for)?)
        })
        .await;
        self.remove("devices of old logins", move |tx, trust| {
            Ok(trust.believes(tx.now()) && remove_old_known_devices(tx, devices_known_for)?)
        })
        .await;
        self.remove("expired sessions", |tx, trust| {
            Ok(trust.believes(tx.now()) && remove_expired_sessions(tx)?)
        })
        .await;
        self.remove("old entries of the audit log", move |tx, trust| {
            Ok(trust.believes(tx.now()) && prune_audit(tx, audit_retention)?)
        })
        .await;
        self.remove("salts of old refreshes", move |tx, trust| {
            Ok(trust.believes(tx.now()) && remove_old_salts(tx, refresh_grace)?)
        })
        .await;
        self.remove("old codes that reset passwords", |tx, trust| {
            Ok(trust.believes(tx.now()) && remove_old_resets(tx)?)
        })
        .await;
        self.remove("accounts that nobody confirmed", |tx, trust| {
            Ok(trust.believes(tx.now()) && remove_old_pending_accounts(tx)?)
        })
        .await;
        self.remove("ended bans", |tx, trust| Ok(trust.believes(tx.now()) && remove_ended_bans(tx)?)).await;
        // They are good for moments, so that none is missed when the clock is right again.
        self.remove("expired tickets", |tx, _| remove_expired_tickets(tx)).await;
        self.remove("logins without a second factor", |tx, _| remove_expired_half_logins(tx)).await;
    }

    /// Runs a command until it says that there is no more to do.
    async fn remove(
        &self,
        what: &str,
        step: impl Fn(&mut dyn Tx, &TrustedClock) -> Result<bool, Error> + Copy + Send + 'static,
    ) {
        let in_steps = async {
            loop {
                let trust = self.trust.clone();
                if !self.storage.run(ACCESS, move |tx| step(tx, &trust)).await? {
                    return Ok::<_, Error>(());
                }
                tokio::time::sleep(BETWEEN_STEPS).await;
            }
        };
        match guarded(in_steps).await {
            Some(Ok(())) => {}
            Some(Err(error)) => tracing::warn!(what, %error, "can't remove old data now"),
            None => tracing::error!(what, "removing old data panicked"),
        }
    }
}

#[cfg(test)]
mod tests;
