//! What hashes passwords, as the settings say.

use groupchat_infra::accounts::hasher::BcryptHasher;

use crate::config::Config;
use crate::error::ProgramError;

/// Starts the threads.
pub(crate) fn start_hasher(config: &Config) -> Result<BcryptHasher, ProgramError> {
    let hasher = BcryptHasher::start(config.password_cost)
        .map_err(|source| ProgramError::Start { what: "the password hasher", source })?;
    Ok(if config.password_check { hasher } else { hasher.accepting_any() })
}
