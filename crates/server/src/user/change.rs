//! `groupchat user set-password`, `promote`, `demote`, `suspend`, `resume`, `reset-mfa` and `delete`.

use groupchat_domain::Error;
use groupchat_domain::accounts::{User, UsernameKey, operator};
use groupchat_domain::storage::{BoxFuture, Storage};

use super::options::{ChangeOptions, SetPasswordOptions};
use super::prerequisites::{block_on, choose_password, open_existing};
use super::shown::ShownUser;
use crate::config::Config;
use crate::console;
use crate::error::ProgramError;
use crate::hasher::start_hasher;

/// A use case that changes the user with this name and returns it.
type UserChange = for<'a> fn(&'a dyn Storage, UsernameKey) -> BoxFuture<'a, Result<User, Error>>;

/// Changes a user, and tells what is true of it now.
pub(super) fn apply(
    config: &Config,
    options: &ChangeOptions,
    now: &str,
    change: UserChange,
) -> Result<(), ProgramError> {
    let storage = open_existing(config)?;
    let user = block_on(change(&*storage, UsernameKey::of(&options.username)))??;
    if options.output.json {
        console::print_json(&ShownUser::from(user));
    } else {
        console::print_line(format_args!("{} (id {}) {now}", user.username.as_str(), user.id));
    }
    Ok(())
}

/// Replaces a user's password.
pub(super) fn set_password(config: &Config, options: &SetPasswordOptions) -> Result<(), ProgramError> {
    let SetPasswordOptions { change: ChangeOptions { output, username }, password_stdin } = options;
    let (password, made_up) = choose_password(*password_stdin)?;
    let storage = open_existing(config)?;
    let name = UsernameKey::of(username);
    let user = block_on(operator::set_password(&*storage, &start_hasher(config)?, name, password))??;
    if output.json {
        console::print_json(&ShownUser::with_password(user, made_up.as_ref()));
    } else {
        console::confirm_password(&user, made_up.as_ref());
    }
    Ok(())
}
