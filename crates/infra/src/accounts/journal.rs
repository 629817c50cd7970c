//! Logs failed logins.

use groupchat_domain::accounts::{FailedLogin, LoginJournal, Username};

/// The target of these lines in the log.
const TARGET: &str = "login";

/// Writes one line to the log for each failed login. What it says was checked before: an address, and the name of a
/// user there is. So nobody puts a line, or a password, into the log.
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
}

/// In place of a name that is nobody's. No username begins so.
const UNKNOWN: &str = "(unknown)";
