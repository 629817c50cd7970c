//! `groupchat token …`: tokens from the command line, also while a server is running on the same data.

use std::time::Duration;

use clap::{Args, Subcommand};
use groupchat_domain::accounts::{DeviceName, Scope, TokenTerms, UsernameKey};
use groupchat_domain::time::{Clock, Timestamp};
use groupchat_domain::tokens::{TokenDraft, create_token_by_operator};
use groupchat_infra::accounts::keys::RandomKeys;
use groupchat_infra::clock::SystemClock;
use serde::Serialize;

use crate::config::Config;
use crate::console;
use crate::error::ProgramError;
use crate::user::{block_on, open_existing};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Commands for tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Issue a token, with which a program acts for a user, and print its key.
    ///
    /// It never may do more than the user. The user sees it among their tokens, and can end it.
    Create(CreateTokenOptions),
}

/// The token to issue.
#[derive(Debug, Clone, Args)]
pub(crate) struct CreateTokenOptions {
    /// Whom the program acts for: the username, in upper or lower case.
    #[arg(long, value_name = "USERNAME")]
    pub username: String,
    /// What the token is called: 1 to 100 characters.
    #[arg(long, value_name = "NAME", value_parser = parse_name)]
    pub name: DeviceName,
    /// What it is for: read, write or admin, of which each contains those before it.
    #[arg(long, value_name = "SCOPE", value_parser = parse_scope)]
    pub scope: Scope,
    /// How long it is valid, in days, such as 90d; without this, it has no end.
    #[arg(long, value_name = "DAYS", value_parser = parse_days)]
    pub expires: Option<Duration>,
    /// Print JSON, for scripts. Its fields don't change; later versions may add fields.
    #[arg(long)]
    pub json: bool,
}

fn parse_name(text: &str) -> Result<DeviceName, String> {
    DeviceName::parse(text).map_err(|violation| violation.detail)
}

fn parse_scope(text: &str) -> Result<Scope, String> {
    Scope::parse(text).map_err(|violation| violation.detail)
}

/// A number of days, at most a hundred years.
fn parse_days(text: &str) -> Result<Duration, String> {
    let days = text.strip_suffix('d').and_then(|days| days.parse::<u32>().ok());
    match days {
        Some(days @ 1..=36_500) => Ok(DAY * days),
        _ => Err("must be a number of days, such as 90d, at most 36500d".to_owned()),
    }
}

/// A token in JSON.
#[derive(Serialize)]
struct ShownToken<'a> {
    id: i64,
    name: &'a str,
    scopes: Vec<&'static str>,
    expires_at: Option<String>,
    key: &'a str,
}

/// Carries out one of the commands.
pub(crate) fn run(config: &Config, command: &TokenCommand) -> Result<(), ProgramError> {
    let TokenCommand::Create(options) = command;
    let expires_at = options.expires.map(|valid| SystemClock.now().plus(valid));
    let terms = TokenTerms { scope: options.scope, groups: None };
    let draft = TokenDraft { name: options.name.clone(), terms, expires_at };
    let storage = open_existing(config)?;
    let name = UsernameKey::of(&options.username);
    let (token, key) = block_on(create_token_by_operator(&*storage, &RandomKeys, name, draft))??;
    if options.json {
        console::print_json(&ShownToken {
            id: token.id.get(),
            name: token.name.as_str(),
            scopes: token.terms.scope.contained().map(Scope::as_str).collect(),
            expires_at: token.expires_at.map(shown_time),
            key: key.reveal(),
        });
    } else {
        let (name, id) = (token.name.as_str(), token.id);
        console::print_line(format_args!("created the token {name} (id {id}) of {}", options.username));
        console::print_line(format_args!("    key: {}", key.reveal()));
        console::print_line("The key is shown only once.");
    }
    Ok(())
}

fn shown_time(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_microsecond(at.as_micros());
    format!("{:.6}", at.unwrap_or(jiff::Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_valid_for_a_number_of_days() {
        assert_eq!(parse_days("90d"), Ok(90 * DAY));
        for wrong in ["", "d", "90", "0d", "-1d", "1h", "36501d", "99999999999d"] {
            assert!(parse_days(wrong).is_err(), "{wrong}");
        }
    }
}
