//! `groupchat user create`.

use std::sync::Arc;

use groupchat_domain::accounts::{DisplayName, Email, Password, UserDraft, Username, create_by_operator};
use groupchat_domain::validation::Violation;

use super::options::CreateOptions;
use super::prerequisites::{NoListeners, block_on, choose_password, named};
use super::shown::ShownUser;
use crate::config::Config;
use crate::default_groups::welcome;
use crate::error::ProgramError;
use crate::hasher::start_hasher;
use crate::{console, storage};

/// Creates a user; also the data folder and what is in the database, if there are none yet.
pub(super) fn run(config: &Config, options: &CreateOptions) -> Result<(), ProgramError> {
    let (draft, made_up) = read_draft(options)?;
    storage::create_data_dir(config)?;
    let storage = storage::open(config, Arc::new(NoListeners))?;
    let user =
        block_on(create_by_operator(&*storage, &start_hasher(config)?, Arc::new(welcome(config)), draft))??;
    if options.output.json {
        console::print_json(&ShownUser::with_password(user, made_up.as_ref()));
    } else {
        console::confirm_user(&user, made_up.as_ref());
    }
    Ok(())
}

fn read_draft(options: &CreateOptions) -> Result<(UserDraft, Option<Password>), ProgramError> {
    let (password, made_up) = choose_password(options.password_stdin)?;
    let username = Username::parse(&options.username).map_err(|violation| named("--username", violation))?;
    let draft = UserDraft {
        username,
        display_name: parse("--display-name", options.display_name.as_ref(), DisplayName::parse)?,
        email: parse("--email", options.email.as_ref(), Email::parse)?,
        is_admin: options.admin,
        password,
    };
    Ok((draft, made_up))
}

fn parse<T>(
    option: &str,
    value: Option<&String>,
    parse: impl Fn(&str) -> Result<T, Violation>,
) -> Result<Option<T>, ProgramError> {
    value.map(|value| parse(value).map_err(|violation| named(option, violation))).transpose()
}
