//! `groupchat user …`: manages users from the command line, also while a server is running on the same data.

mod change;
mod create;
mod list;
mod options;
mod shown;

use std::sync::Arc;

use groupchat_domain::accounts::{ApiKeys, Password, operator};
use groupchat_domain::events::LoggedEvent;
use groupchat_domain::storage::EventSink;
use groupchat_domain::validation::Violation;
use groupchat_infra::DatabaseStorage;
use groupchat_infra::accounts::hasher::BcryptHasher;
use groupchat_infra::accounts::keys::RandomKeys;

pub(crate) use self::options::UserCommand;
use crate::config::Config;
use crate::error::ProgramError;
use crate::{console, storage};

/// A running server reads the events of this process from the log.
pub(crate) struct NoListeners;

impl EventSink for NoListeners {
    fn publish(&self, _: &[LoggedEvent]) {}
}

/// Carries out one of the commands.
pub(crate) fn run(config: &Config, command: &UserCommand) -> Result<(), ProgramError> {
    match command {
        UserCommand::Create(options) => create::run(config, options),
        UserCommand::List(options) => list::run(config, options),
        UserCommand::SetPassword(options) => change::set_password(config, options),
        UserCommand::Promote(options) => {
            change::apply(config, options, "is now a server admin", |storage, name| {
                Box::pin(operator::set_admin(storage, name, true))
            })
        }
        UserCommand::Demote(options) => {
            change::apply(config, options, "is no longer a server admin", |storage, name| {
                Box::pin(operator::set_admin(storage, name, false))
            })
        }
        UserCommand::Delete(options) => change::apply(config, options, "is deleted", |storage, name| {
            Box::pin(operator::delete(storage, name))
        }),
    }
}

/// Opens a database that is there: a mistyped folder must not become an empty server.
fn open_existing(config: &Config) -> Result<Arc<dyn DatabaseStorage>, ProgramError> {
    storage::require_database(config)?;
    storage::open(config, Arc::new(NoListeners))
}

fn start_hasher(config: &Config) -> Result<BcryptHasher, ProgramError> {
    BcryptHasher::start(config.password_cost)
        .map_err(|source| ProgramError::Start { what: "the password hasher", source })
}

/// The password for an account: read from the standard input, or made up. One that was made up is returned a
/// second time, to be shown.
fn choose_password(from_stdin: bool) -> Result<(Password, Option<Password>), ProgramError> {
    if from_stdin {
        let password = Password::parse(&console::read_line()?);
        return Ok((password.map_err(|violation| named("the password", violation))?, None));
    }
    let made_up = RandomKeys.generate_password();
    Ok((made_up.clone(), Some(made_up)))
}

fn named(what: &str, violation: Violation) -> ProgramError {
    ProgramError::Invalid(format!("{what} {}", violation.detail))
}

fn block_on<F: Future>(future: F) -> Result<F::Output, ProgramError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|source| ProgramError::Start { what: "the runtime", source })?;
    Ok(runtime.block_on(future))
}
