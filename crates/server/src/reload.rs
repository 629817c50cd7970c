//! Reads the configuration again while the server runs, and goes on with what of it is live.

use std::sync::Arc;

use arc_swap::ArcSwap;
use groupchat_api::State;
use groupchat_domain::accounts::FactorPolicy;
use groupchat_domain::retention::RetentionTerms;
use groupchat_domain::storage::Storage;
use groupchat_infra::request_limiter::GovernedRequests;

use crate::config::{self, Config, Sources};
use crate::configured::{ages, options, request_rates, retention_terms};
use crate::default_groups::{self, ReplaceableWelcome};
use crate::known_settings::PresentSettings;
use crate::logging::Log;
use crate::maintenance::Ages;
use crate::runner::Signal;
use crate::signals::ReloadSignals;

/// What takes over live settings.
pub(crate) struct Replaceable {
    /// How often callers may ask.
    pub rates: Arc<GovernedRequests>,
    /// What new users are put into.
    pub welcome: Arc<ReplaceableWelcome>,
    /// What is old.
    pub ages: Arc<ArcSwap<Ages>>,
    /// How long messages stay.
    pub retention: Arc<ArcSwap<RetentionTerms>>,
    /// Wakes the runner that removes old messages.
    pub retention_signal: Arc<Signal>,
    /// Of whom a second factor is required.
    pub factor_policy: Arc<ArcSwap<FactorPolicy>>,
}

impl Replaceable {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            rates: Arc::new(GovernedRequests::new(&request_rates(config))),
            welcome: Arc::new(ReplaceableWelcome::new(config)),
            ages: Arc::new(ArcSwap::from_pointee(ages(config))),
            retention: Arc::new(ArcSwap::from_pointee(retention_terms(config))),
            retention_signal: Arc::default(),
            factor_policy: Arc::new(ArcSwap::from_pointee(config.login_factor_required_of)),
        }
    }
}

/// Waits for signals, and reloads at each.
pub(crate) async fn run(
    mut signals: ReloadSignals,
    sources: &Sources,
    mut config: Config,
    log: &Log,
    state: State,
    replaceable: Replaceable,
) {
    loop {
        signals.next().await;
        let layers = config::gather(sources);
        let other = match Config::read(&layers) {
            Ok(other) => other,
            Err(error) => {
                tracing::error!(%error, "the configuration stays as it was");
                continue;
            }
        };
        let (next, differences) = config.reloaded(other);
        config = next;
        replaceable.rates.set_rates(&request_rates(&config));
        replaceable.welcome.replace(&config);
        replaceable.ages.store(Arc::new(ages(&config)));
        replaceable.retention.store(Arc::new(retention_terms(&config)));
        replaceable.retention_signal.wake();
        replaceable.factor_policy.store(Arc::new(config.login_factor_required_of));
        state.set_options(options(&config));
        log.set_filter(&config.log_filter);
        tracing::info!(changed = %differences.live.join(", "), "the configuration is reloaded");
        if !differences.fixed.is_empty() {
            tracing::warn!(settings = %differences.fixed.join(", "), "these need a restart to take effect");
        }
        PresentSettings::live(&layers).note(state.storage.clone()).await;
        warn_of_default_groups(&*state.storage, &config).await;
    }
}

async fn warn_of_default_groups(storage: &dyn Storage, config: &Config) {
    if let Err(error) = default_groups::warn_of_unusable(storage, config).await {
        tracing::warn!(%error, "can't look at the default groups now");
    }
}
