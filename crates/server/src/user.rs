//! `groupchat user …`: managing users from the command line.

use std::io::BufRead;
use std::sync::Arc;

use groupchat_domain::accounts::{
    ApiKeys, DisplayName, Email, Password, UserDraft, Username, create_by_operator,
};
use groupchat_domain::events::LoggedEvent;
use groupchat_domain::storage::EventSink;
use groupchat_domain::validation::Violation;
use groupchat_infra::hasher::{BcryptHasher, DEFAULT_COST};
use groupchat_infra::keys::RandomKeys;

use crate::cli::CreateOptions;
use crate::error::ProgramError;
use crate::{console, storage};

/// A running server reads the events of this process from the log.
struct Unheard;

impl EventSink for Unheard {
    fn committed(&self, _: &[LoggedEvent]) {}
}

/// Creates a user, also while a server runs on the same data.
pub fn create(options: &CreateOptions) -> Result<(), ProgramError> {
    let (draft, made_up) = read_draft(options)?;
    storage::make_data_dir(&options.data.data_dir)?;
    let storage = storage::open(&options.data.data_dir, Arc::new(Unheard))?;
    let hasher = BcryptHasher::start(DEFAULT_COST)
        .map_err(|source| ProgramError::Start { what: "the password hasher", source })?;
    let user = block_on(create_by_operator(&storage, &hasher, draft))??;
    console::confirm_user(&user, made_up.as_ref());
    Ok(())
}

fn read_draft(options: &CreateOptions) -> Result<(UserDraft, Option<Password>), ProgramError> {
    let made_up = (!options.password_stdin).then(|| RandomKeys.generate_password());
    let password = match &made_up {
        Some(password) => password.clone(),
        None => Password::parse(&first_line()?).map_err(|violation| named("the password", violation))?,
    };
    let draft = UserDraft {
        username: parse("--username", Some(&options.username), Username::parse)?
            .ok_or_else(|| ProgramError::Invalid("--username is required".to_owned()))?,
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

fn named(what: &str, violation: Violation) -> ProgramError {
    ProgramError::Invalid(format!("{what} {}", violation.detail))
}

fn first_line() -> Result<String, ProgramError> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(ProgramError::ReadPassword)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn block_on<F: Future>(future: F) -> Result<F::Output, ProgramError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|source| ProgramError::Start { what: "the runtime", source })?;
    Ok(runtime.block_on(future))
}
