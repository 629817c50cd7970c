//! `groupchat retention …`: which messages are too old, and removing them now, from the command line.

use std::thread;
use std::time::Duration;

use clap::{Args, Subcommand};
use groupchat_domain::Error as DomainError;
use groupchat_domain::retention::{
    RetentionBy, RetentionPreview, RetentionTerms, preview_retention, run_retention,
};
use groupchat_domain::storage::Storage;
use groupchat_domain::time::Timestamp;
use groupchat_infra::DatabaseStorage;
use serde::Serialize;

use crate::config::Config;
use crate::configured::retention_terms;
use crate::error::ProgramError;
use crate::user::block_on;
use crate::{clock, console, user};

/// Between two steps, a server beside this command gets a turn.
const BETWEEN_STEPS: Duration = Duration::from_millis(20);

/// Commands for messages that are too old.
#[derive(Debug, Subcommand)]
pub(crate) enum RetentionCommand {
    /// Print for each group how many messages would be removed now because of their age, also while the server is running.
    ///
    /// Only groups of which messages are too old are printed. What is exempt are messages that would go if they were not pinned, or had
    /// no reply that is.
    Preview(RetentionOptions),
    /// Remove all messages that are too old now, also while the server is running.
    ///
    /// A server does this by itself, every hour. Nothing can bring these messages back but a backup.
    Run(RunOptions),
}

/// How to print.
#[derive(Debug, Clone, Args)]
pub(crate) struct RetentionOptions {
    /// Print JSON, for scripts.
    #[arg(long)]
    pub json: bool,
}

/// How to run.
#[derive(Debug, Clone, Args)]
pub(crate) struct RunOptions {
    /// Remove messages though the clock is more than a day ahead of the newest event, because it is right.
    #[arg(long)]
    pub trust_clock: bool,
    /// Print JSON, for scripts.
    #[arg(long)]
    pub json: bool,
}

#[derive(Serialize)]
struct ShownPreview {
    group_id: i64,
    name: Option<String>,
    messages: i64,
    oldest: Option<String>,
    exempt: i64,
}

impl From<RetentionPreview> for ShownPreview {
    fn from(preview: RetentionPreview) -> Self {
        Self {
            group_id: preview.group.get(),
            name: preview.name.map(|name| name.as_str().to_owned()),
            messages: preview.messages,
            oldest: preview.oldest.map(shown),
            exempt: preview.exempt,
        }
    }
}

/// A time as the API writes it.
fn shown(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or(jiff::Timestamp::MAX);
    format!("{at:.6}")
}

#[derive(Serialize)]
struct ShownRun {
    messages: i64,
    groups: i64,
}

/// Carries out one of the commands.
pub(crate) fn run(config: &Config, command: &RetentionCommand) -> Result<(), ProgramError> {
    let storage = user::open_existing(config)?;
    let terms = retention_terms(config);
    match command {
        RetentionCommand::Preview(options) => preview(&*storage, terms, options),
        RetentionCommand::Run(options) => remove(&*storage, terms, options),
    }
}

fn preview(
    storage: &dyn Storage,
    terms: RetentionTerms,
    options: &RetentionOptions,
) -> Result<(), ProgramError> {
    let previews = block_on(preview_retention(storage, terms))??;
    let previews: Vec<_> = previews.into_iter().map(ShownPreview::from).collect();
    if options.json {
        console::print_json(&previews);
        return Ok(());
    }
    let header = ["group", "messages", "exempt", "oldest", "name"].map(str::to_owned).to_vec();
    let rows = previews.into_iter().map(|row| {
        let [group, messages, exempt] =
            [row.group_id, row.messages, row.exempt].map(|number| number.to_string());
        vec![group, messages, exempt, row.oldest.unwrap_or_default(), row.name.unwrap_or_default()]
    });
    let rows: Vec<_> = std::iter::once(header).chain(rows).collect();
    console::print_table(&rows);
    Ok(())
}

fn remove(
    storage: &dyn DatabaseStorage,
    terms: RetentionTerms,
    options: &RunOptions,
) -> Result<(), ProgramError> {
    if block_on(clock::is_ahead_for_messages(storage))?? && !options.trust_clock {
        let reason =
            "the clock is more than a day ahead of the newest event: if it is right, use --trust-clock";
        return Err(ProgramError::Invalid(reason.to_owned()));
    }
    let pause = || {
        thread::sleep(BETWEEN_STEPS);
        std::future::ready(())
    };
    let run = block_on(run_retention(storage, move || terms, RetentionBy::Operator, |_| true, pause))??;
    storage.give_room_back().map_err(DomainError::from)?;
    let shown = ShownRun { messages: run.messages, groups: run.groups };
    if options.json {
        console::print_json(&shown);
    } else {
        let ShownRun { messages, groups } = shown;
        console::print_table(&[vec![
            "ok".to_owned(),
            format!("removed {messages} messages of {groups} groups"),
        ]]);
    }
    Ok(())
}
