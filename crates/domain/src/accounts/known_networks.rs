//! The networks from which users signed in recently. Password guessing from other networks must not block logins from
//! these.

use std::time::Duration;

use crate::error::Error;
use crate::ids::UserId;
use crate::network::Network;
use crate::storage::Tx;

/// How long a network stays known after the last login from it, by default.
pub const KNOWN_NETWORK_RETENTION: Duration = Duration::from_secs(90 * 24 * 3600);

/// How many networks are kept per user: the latest.
pub const MAX_KNOWN_NETWORKS: u32 = 16;

/// Old networks that one command removes.
const REMOVE_BATCH: i64 = 500;

/// How well the network of a login is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NetworkFamiliarity {
    /// The account has signed in from it.
    pub(super) to_account: bool,
    /// Any account has signed in from it.
    pub(super) to_anybody: bool,
}

/// Looks up how well a network is known. `user` is the owner of the account, if it exists.
pub(super) fn familiarity(
    tx: &mut dyn Tx,
    user: Option<UserId>,
    network: Network,
    known_for: Duration,
) -> Result<NetworkFamiliarity, Error> {
    let since = tx.now().minus(known_for);
    let to_account = match user {
        Some(user) => tx.known_networks().is_known_to(user, network, since)?,
        None => false,
    };
    let to_anybody = to_account || tx.known_networks().is_known(network, since)?;
    Ok(NetworkFamiliarity { to_account, to_anybody })
}

/// Records the network that a user signed in from. Unknown addresses are ignored, because they don't identify a
/// network.
pub(super) fn remember(tx: &mut dyn Tx, user: UserId, network: Network) -> Result<(), Error> {
    if network == Network::UNKNOWN {
        return Ok(());
    }
    let now = tx.now();
    Ok(tx.known_networks().remember(user, network, now, MAX_KNOWN_NETWORKS)?)
}

/// Removes a batch of networks from which nobody has signed in for long. Returns whether there may be more.
///
/// # Errors
/// A fault.
pub fn remove_old_known_networks(tx: &mut dyn Tx, known_for: Duration) -> Result<bool, Error> {
    let before = tx.now().minus(known_for);
    let removed = tx.known_networks().remove_old(before, REMOVE_BATCH)?;
    Ok(i64::try_from(removed).unwrap_or(REMOVE_BATCH) >= REMOVE_BATCH)
}

#[cfg(test)]
mod tests;
