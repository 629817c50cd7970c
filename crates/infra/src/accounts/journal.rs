//! Logs failed logins, and sessions that ended because their tokens may be stolen.

use std::net::IpAddr;

use groupchat_domain::accounts::{FailedLogin, LoginJournal, Username};

/// The target of these lines in the log.
const TARGET: &str = "login";

/// Logs one line for each failed login. It contains only an address and the name of an existing user, so nobody can
/// inject a line or get a password into the log.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogJournal;

impl LoginJournal for LogJournal {
    fn failed<'a>(&self, login: FailedLogin<'a>) {
        let address = login.address.map(|address| address.to_canonical());
        tracing::warn!(
            target: TARGET,
            address = address.map(tracing::field::display),
            username = login.username.map_or(UNKNOWN, Username::as_str),
            "login failed"
        );
    }

    fn refresh_reused(&self, address: Option<IpAddr>, username: &Username) {
        let address = address.map(|address| address.to_canonical());
        tracing::warn!(
            target: TARGET,
            address = address.map(tracing::field::display),
            username = username.as_str(),
            "a refresh token was used again, ended its session"
        );
    }
}

/// Logged in place of an unknown name. No username begins like this.
const UNKNOWN: &str = "(unknown)";
