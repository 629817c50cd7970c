//! What the configuration says, as other layers take it: at the start, and again when it is reloaded.

use std::time::Duration;

use groupchat_api::{ServerOptions, StrictTransport};
use groupchat_domain::accounts::RefreshTerms;
use groupchat_domain::events::Retention;
use groupchat_domain::groups::{Quotas, RetentionBounds};
use groupchat_domain::messages::ChangeWindows;
use groupchat_domain::rates::RequestClass;
use groupchat_domain::retention::RetentionTerms;
use groupchat_infra::request_limiter::RequestRates;

use crate::config::Config;
use crate::maintenance::Ages;
use crate::tls;

/// The options of the API.
pub(crate) fn options(config: &Config) -> ServerOptions {
    ServerOptions {
        public_url: config.public_url.clone(),
        trusted_proxies: config.trusted_proxies.clone(),
        login_lifetime: config.login_lifetime,
        refresh: refresh_terms(config),
        sessions_per_user: config.login_sessions_per_user,
        networks_known_for: config.login_known_networks_age,
        devices_known_for: config.login_known_devices_age,
        heartbeat: config.events_heartbeat,
        connections_per_user: config.events_connections_per_user,
        sign_up: config.sign_up_open,
        quotas: quotas(config),
        change_windows: change_windows(config),
        retention_bounds: retention_bounds(config),
        requests_per_caller: config.requests_per_caller,
        undelivered_per_caller: config.undelivered_per_user << 20,
        undelivered: config.undelivered << 20,
        incoming: config.incoming << 20,
        strict_transport: tls::is_spoken(config).then_some(strict_transport(config)),
        allowed_origins: config.http_allowed_origins.clone(),
        event_origins: config.events_allowed_origins.clone(),
        ..ServerOptions::default()
    }
}

const fn strict_transport(config: &Config) -> StrictTransport {
    StrictTransport { lasts: config.tls_hsts, subdomains: config.tls_hsts_subdomains }
}

/// What is old.
pub(crate) const fn ages(config: &Config) -> Ages {
    Ages {
        retention: retention(config),
        networks_known_for: config.login_known_networks_age,
        devices_known_for: config.login_known_devices_age,
        audit_retention: config.audit_retention,
        refresh_grace: config.login_refresh_grace,
    }
}

const fn retention(config: &Config) -> Retention {
    Retention { age: config.events_retention_age, rows: config.events_retention_rows }
}

/// How long messages stay.
pub(crate) fn retention_terms(config: &Config) -> RetentionTerms {
    let days = u64::from(config.retention_days);
    let age = (days > 0).then(|| Duration::from_secs(days * 24 * 3600));
    RetentionTerms { age, keeps_pinned: config.retention_keep_pinned }
}

fn retention_bounds(config: &Config) -> RetentionBounds {
    let most = Some(config.retention_group_most).filter(|most| *most > 0);
    RetentionBounds { least: config.retention_group_least.min(most.unwrap_or(u16::MAX)), most }
}

const fn refresh_terms(config: &Config) -> RefreshTerms {
    RefreshTerms {
        key: config.login_key,
        idle: config.login_refresh_idle,
        longest: config.login_refresh_longest,
        grace: config.login_refresh_grace,
    }
}

/// The limits on groups.
pub(crate) const fn quotas(config: &Config) -> Quotas {
    Quotas {
        owned_groups: config.groups_owned_per_user,
        memberships: config.groups_memberships_per_user,
        members: config.groups_members,
        direct_conversations: config.groups_direct_per_user,
    }
}

fn change_windows(config: &Config) -> ChangeWindows {
    let limited = |window: Duration| (!window.is_zero()).then_some(window);
    ChangeWindows {
        edit: limited(config.messages_edit_window),
        delete: limited(config.messages_delete_window),
    }
}

/// How often a caller may make requests of each class.
pub(crate) fn request_rates(config: &Config) -> RequestRates {
    let rate = |class: RequestClass| match class {
        RequestClass::Login => config.rates_login,
        RequestClass::Mfa => config.rates_mfa,
        RequestClass::Refresh => config.rates_refresh,
        RequestClass::Connect => config.rates_connect,
        RequestClass::Code => config.rates_code,
        RequestClass::Mail => config.rates_mail,
        RequestClass::Export => config.rates_export,
        RequestClass::Send => config.rates_send,
        RequestClass::Write => config.rates_write,
        RequestClass::Search => config.rates_search,
        RequestClass::Read => config.rates_read,
    };
    RequestClass::ALL.iter().map(|class| (*class, rate(*class))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authors_change_their_messages_as_long_as_the_settings_say() {
        let mut config = Config::defaults();
        assert_eq!(change_windows(&config), ChangeWindows::default());
        config.messages_edit_window = Duration::from_secs(900);
        config.messages_delete_window = Duration::from_secs(60);
        let windows = change_windows(&config);
        assert_eq!(windows.edit, Some(Duration::from_secs(900)));
        assert_eq!(windows.delete, Some(Duration::from_secs(60)));
    }
}
