use std::collections::HashSet;

use super::*;

#[test]
fn every_default_is_allowed() {
    let config = Config::defaults();
    assert_eq!(config.listen.port(), 5000);
    assert_eq!(config.login_lifetime, groupchat_domain::accounts::LOGIN_LIFETIME);
    let refresh = groupchat_domain::accounts::RefreshTerms::default();
    assert_eq!((config.login_key, config.login_refresh_grace), (refresh.key, refresh.grace));
    assert_eq!((config.login_refresh_idle, config.login_refresh_longest), (refresh.idle, refresh.longest));
    assert_eq!(config.login_sessions_per_user, groupchat_domain::accounts::SESSIONS_PER_USER);
    assert_eq!(config.password_cost, groupchat_infra::accounts::hasher::DEFAULT_COST);
    assert_eq!(config.public_url, None);
}

#[test]
fn names_variables_and_flags_tell_settings_apart() {
    let settings = settings();
    for name in [Setting::variable, Setting::flag] {
        let names: HashSet<_> = settings.iter().map(name).collect();
        assert_eq!(names.len(), settings.len());
    }
    let format = settings.iter().find(|setting| setting.name == "log.format").unwrap();
    assert_eq!((format.variable().as_str(), format.flag().as_str()), ("GROUPCHAT_LOG_FORMAT", "log-format"));
}

#[test]
fn the_defaults_for_events_are_those_of_the_other_layers() {
    let config = Config::defaults();
    let usual = groupchat_domain::events::Retention::default();
    assert_eq!((config.events_retention_age, config.events_retention_rows), (usual.age, usual.rows));
    let usual = groupchat_api::ServerOptions::default();
    assert_eq!(config.events_heartbeat, usual.heartbeat);
    assert_eq!(config.events_connections_per_user, usual.connections_per_user);
}

#[test]
fn the_default_quotas_are_those_of_the_domain() {
    let config = Config::defaults();
    let usual = groupchat_domain::groups::Quotas::default();
    assert_eq!(config.groups_owned_per_user, usual.owned_groups);
    assert_eq!(config.groups_memberships_per_user, usual.memberships);
    assert_eq!(config.groups_members, usual.members);
    assert_eq!(config.groups_direct_per_user, usual.direct_conversations);
}

#[test]
fn the_default_pace_is_that_of_the_infrastructure() {
    let config = Config::defaults();
    let usual = groupchat_infra::write_limiter::WriteRate::default();
    assert_eq!((config.writes_rate << 10, config.writes_burst << 10), (usual.rate, usual.burst));
}

#[test]
fn each_class_of_requests_has_a_setting_whose_default_is_its_usual_rate() {
    let settings = settings();
    for class in groupchat_domain::rates::RequestClass::ALL {
        let name = format!("rates.{}", class.as_str());
        let setting = settings.iter().find(|setting| setting.name == name);
        assert_eq!(
            setting.map(|setting| setting.default),
            Some(class.usual_rate().to_string().as_str()),
            "{name}"
        );
    }
}

#[test]
fn only_live_settings_are_taken_over_and_all_that_differ_are_named() {
    let config = Config::defaults();
    let mut other = config.clone();
    (other.workers, other.storage_readers) = (3, 7);
    other.messages_edit_window = Duration::from_secs(60);
    let (next, differences) = config.reloaded(other.clone());
    assert_eq!(differences.live, ["messages.edit_window"]);
    assert_eq!(differences.fixed, ["workers", "storage.readers"]);
    assert_eq!((next.messages_edit_window, next.workers), (other.messages_edit_window, config.workers));
    // What needs a restart is named again each time, and what was taken over is not.
    let (_, again) = next.reloaded(other);
    assert_eq!((again.live.len(), again.fixed.len()), (0, 2));
}

#[test]
fn the_defaults_for_connections_are_those_of_the_edge() {
    let config = Config::defaults();
    let usual = groupchat_api::ConnectionOptions::default();
    assert_eq!(config.http_connections, usual.max_connections);
    assert_eq!(config.http_connections_per_address, usual.max_per_network);
    assert_eq!(config.http_head_timeout, usual.timeouts.head);
    assert_eq!(config.http_keep_alive, usual.timeouts.keep_alive);
    assert_eq!(config.http_write_timeout, usual.timeouts.write);
    assert_eq!(config.shutdown_timeout, usual.shutdown);
}

#[test]
fn the_default_limits_of_callers_are_those_of_the_api() {
    let config = Config::defaults();
    let usual = groupchat_api::ServerOptions::default();
    assert_eq!(config.requests_per_caller, usual.requests_per_caller);
    assert_eq!(config.undelivered_per_user << 20, usual.undelivered_per_caller);
    assert_eq!(config.undelivered << 20, usual.undelivered);
    assert_eq!(config.incoming << 20, usual.incoming);
}

#[cfg(feature = "postgres")]
#[test]
fn the_defaults_for_postgresql_are_those_of_the_infrastructure() {
    let config = Config::defaults();
    let usual = groupchat_infra::postgres::PostgresOptions::new("");
    assert_eq!(config.storage_writers, usual.writers);
    assert_eq!(config.storage_start_timeout, usual.connect_within);
    assert_eq!(config.storage_statement_timeout, usual.statement_timeout);
    assert_eq!(config.storage_read_timeout, usual.read_timeout);
}

#[test]
fn the_default_limits_of_logins_are_those_of_the_infrastructure() {
    use groupchat_infra::accounts::attempts::BucketSize;
    let config = Config::defaults();
    assert_eq!(config.login_attempts_per_address, BucketSize::PER_ADDRESS.capacity);
    assert_eq!(config.login_attempts_per_account, BucketSize::PER_ACCOUNT.capacity);
    assert_eq!(config.login_known_networks_age, groupchat_domain::accounts::KNOWN_NETWORK_RETENTION);
    assert_eq!(config.login_known_devices_age, groupchat_domain::accounts::KNOWN_DEVICE_RETENTION);
}
