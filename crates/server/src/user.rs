//! `groupchat user …`: manages users from the command line, also while a server is running on the same data.

mod change;
mod create;
mod list;
mod options;
mod prerequisites;
mod shown;

use groupchat_domain::accounts::operator;

pub(crate) use self::options::UserCommand;
pub(crate) use self::prerequisites::{NoListeners, block_on, open_existing};
use crate::config::Config;
use crate::error::ProgramError;

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
        UserCommand::Suspend(options) => change::apply(config, options, "is suspended", |storage, name| {
            Box::pin(operator::set_suspended(storage, name, true))
        }),
        UserCommand::Resume(options) => {
            change::apply(config, options, "is no longer suspended", |storage, name| {
                Box::pin(operator::set_suspended(storage, name, false))
            })
        }
        UserCommand::ResetMfa(options) => {
            change::apply(config, options, "has no second factor", |storage, name| {
                Box::pin(operator::reset_factors(storage, name))
            })
        }
        UserCommand::Delete(options) => change::apply(config, options, "is deleted", |storage, name| {
            Box::pin(operator::delete(storage, name))
        }),
    }
}
