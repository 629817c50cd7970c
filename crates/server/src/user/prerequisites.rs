//! What the commands need: the storage, the hasher, a password, and a runtime to wait in.

use std::sync::Arc;

use groupchat_domain::accounts::{ApiKeys, Password};
use groupchat_domain::events::LoggedEvent;
use groupchat_domain::storage::EventSink;
use groupchat_domain::validation::Violation;
use groupchat_infra::DatabaseStorage;
use groupchat_infra::accounts::keys::RandomKeys;

use crate::config::Config;
use crate::error::ProgramError;
use crate::{console, storage};

/// A running server reads the events of this process from the log.
pub(crate) struct NoListeners;

impl EventSink for NoListeners {
    fn publish(&self, _: &[LoggedEvent]) {}
}

/// Opens a database that is there: a mistyped folder must not become an empty server.
pub(crate) fn open_existing(config: &Config) -> Result<Arc<dyn DatabaseStorage>, ProgramError> {
    storage::require_database(config)?;
    storage::open(config, Arc::new(NoListeners))
}

/// The password for an account: read from the standard input, or made up. One that was made up is returned a
/// second time, to be shown.
pub(super) fn choose_password(from_stdin: bool) -> Result<(Password, Option<Password>), ProgramError> {
    if from_stdin {
        let password = Password::parse(&console::read_line()?);
        return Ok((password.map_err(|violation| named("the password", violation))?, None));
    }
    let made_up = RandomKeys.generate_password();
    Ok((made_up.clone(), Some(made_up)))
}

/// That a value is not allowed; `what` is the value's name.
pub(super) fn named(what: &str, violation: Violation) -> ProgramError {
    ProgramError::Invalid(format!("{what} {}", violation.detail))
}

/// Waits for a use case.
pub(crate) fn block_on<F: Future>(future: F) -> Result<F::Output, ProgramError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|source| ProgramError::Start { what: "the runtime", source })?;
    Ok(runtime.block_on(future))
}
