//! `groupchat backup`: copies the data into one file while the server is running.

use std::path::PathBuf;

use clap::Args;
use groupchat_infra::sqlite;
use serde::Serialize;

use crate::config::Config;
use crate::error::ProgramError;
use crate::progress::ProgressLine;
use crate::shown_contents::ShownContents;
use crate::{console, storage};

/// What to back up, and where to.
#[derive(Debug, Clone, Args)]
pub(crate) struct BackupOptions {
    /// The file to write. Only its owner can read it, because it contains password hashes and all messages.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Replace FILE if it exists, once the new backup is complete.
    #[arg(long)]
    pub force: bool,
    /// Print JSON, for scripts.
    #[arg(long)]
    pub json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    file: &'a str,
    bytes: u64,
    #[serde(flatten)]
    contents: ShownContents,
}

/// Makes a backup and checks it.
pub(crate) fn run(config: &Config, options: &BackupOptions) -> Result<(), ProgramError> {
    let database = storage::embedded(config)?;
    storage::require_database(config)?;
    let mut line = ProgressLine::new();
    let backup = sqlite::backup(&database, &options.file, options.force, &mut |step| line.show(step))?;
    drop(line);
    let contents = ShownContents::from(backup.contents);
    let file = options.file.to_string_lossy();
    if options.json {
        console::print_json(&Report { file: &file, bytes: backup.bytes, contents });
    } else {
        let size = indicatif::BinaryBytes(backup.bytes);
        console::print_line(format_args!("backed up {contents} to {file} ({size})"));
    }
    Ok(())
}
