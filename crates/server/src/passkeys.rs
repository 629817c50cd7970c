//! Warns of passkeys that don't work with the configuration as it is.

use groupchat_domain::Error;
use groupchat_domain::factors::passkeys_elsewhere;
use groupchat_domain::storage::{Access, Caller, Mode, Storage};

use crate::config::Config;

const READ: Access = Access { mode: Mode::Read, caller: Caller::System };

/// Warns in the log if passkeys are bound to another host than that of the public address.
///
/// # Errors
/// A fault.
pub(crate) async fn warn_of_other_host(storage: &dyn Storage, config: &Config) -> Result<(), Error> {
    let site = config.public_url.clone();
    if let Some(host) = storage.run(READ, move |tx| passkeys_elsewhere(tx, site.as_deref())).await? {
        tracing::warn!(
            setting = "public_url",
            host,
            "passkeys are bound to this host, which is not that of the public address, so they don't work"
        );
    }
    Ok(())
}
