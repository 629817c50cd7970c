//! `groupchat backup`: copies the data into one file while the server is running, and verifies such files.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use groupchat_infra::sqlite::{self, Backup, BackupStep};
use serde::Serialize;

use crate::config::Config;
use crate::error::ProgramError;
use crate::progress::ProgressLine;
use crate::shown_contents::ShownContents;
use crate::{console, storage};

/// What to back up, and where to.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct BackupOptions {
    /// What to do with a backup that was made before.
    #[command(subcommand)]
    pub command: Option<BackupCommand>,
    /// The file to write. Only its owner can read it, because it contains password hashes and all messages.
    #[arg(value_name = "FILE", required = true)]
    pub file: Option<PathBuf>,
    /// Replace FILE if it exists, once the new backup is complete.
    #[arg(long)]
    pub force: bool,
    /// Print JSON, for scripts.
    #[arg(long)]
    pub json: bool,
}

/// What can be done with a backup.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum BackupCommand {
    /// Verify a backup as it was verified when it was made, and print what it contains.
    ///
    /// The file is only read. The exit code is 1 if it is damaged, is not a backup, or comes from a newer groupchat.
    Verify(VerifyOptions),
}

/// Which backup to verify.
#[derive(Debug, Clone, Args)]
pub(crate) struct VerifyOptions {
    /// The backup.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print JSON, for scripts.
    #[arg(long)]
    pub json: bool,
}

/// What a backup lacks that has encrypted secrets in it.
const NEEDS_KEYS: &str = "it contains encrypted secrets, and needs the server's keys, which are not in it: keep a copy of \
                          secrets.key, or of what secrets.key_file names, elsewhere";

#[derive(Serialize)]
struct Report<'a> {
    file: &'a str,
    bytes: u64,
    #[serde(flatten)]
    contents: ShownContents,
}

/// Makes a backup and checks it, or verifies one.
pub(crate) fn run(config: &Config, options: &BackupOptions) -> Result<(), ProgramError> {
    match (&options.command, &options.file) {
        (Some(BackupCommand::Verify(options)), _) => verify(options),
        (None, Some(file)) => make(config, file, options),
        // The command line requires one of the two.
        (None, None) => Ok(()),
    }
}

fn make(config: &Config, file: &Path, options: &BackupOptions) -> Result<(), ProgramError> {
    let database = storage::embedded(config)?;
    storage::require_database(config)?;
    let mut line = ProgressLine::new();
    let backup = sqlite::backup(&database, file, options.force, &mut |step| line.show(step))?;
    drop(line);
    show(backup, file, options.json, |contents, file, size| {
        format!("backed up {contents} to {file} ({size})")
    });
    Ok(())
}

fn verify(options: &VerifyOptions) -> Result<(), ProgramError> {
    let mut line = ProgressLine::new();
    line.show(BackupStep::Checking);
    let verified = sqlite::verify_backup(&options.file);
    drop(line);
    show(verified?, &options.file, options.json, |contents, file, size| {
        format!("{file} ({size}) is intact and contains {contents}")
    });
    Ok(())
}

/// Prints what a backup contains.
fn show(
    backup: Backup,
    file: &Path,
    as_json: bool,
    words: impl FnOnce(&ShownContents, &str, indicatif::BinaryBytes) -> String,
) {
    let contents = ShownContents::from(backup.contents);
    let file = file.to_string_lossy();
    if as_json {
        console::print_json(&Report { file: &file, bytes: backup.bytes, contents });
    } else {
        console::print_line(words(&contents, &file, indicatif::BinaryBytes(backup.bytes)));
        if contents.needs_keys() {
            console::print_line(NEEDS_KEYS.to_owned());
        }
    }
}
