//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::audit::AuditCommand;
use crate::backup::BackupOptions;
use crate::check::CheckOptions;
use crate::completions::CompletionsOptions;
use crate::config::{SettingFlags, Sources};
use crate::migrate_database::MigrateOptions;
use crate::restore::RestoreOptions;
use crate::retention::RetentionCommand;
use crate::secrets::SecretsCommand;
use crate::token::TokenCommand;
use crate::user::UserCommand;

/// The exit codes, for the end of `--help`.
const EXIT_CODES: &str = "Exit codes: 0 success; 1 rejected or failed, with the reason on standard error; \
2 invalid command line or configuration.";

/// A self-hosted group chat server: one program, an embedded database, an HTTP API.
///
/// Without a command, it runs the server.
#[derive(Debug, Parser)]
#[command(name = "groupchat", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// The command to run.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Which settings to use.
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// Settings for `serve`, which is the default command.
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server until it gets SIGTERM or Ctrl-C.
    Serve(SettingFlags),
    /// Check the health of the server that runs with these settings. The exit code is 1 if it is unhealthy or not
    /// running.
    Health(SettingFlags),
    /// Manage users, also while the server is running.
    #[command(subcommand)]
    User(UserCommand),
    /// Issue tokens for programs that act for a user, also while the server is running.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Check the database, the disk space and the clock, also while the server is running.
    ///
    /// The exit code is 1 if a check fails. A warning is not a failure.
    Check(CheckOptions),
    /// Back up the data into one file, also while the server is running. Or verify such a file.
    ///
    /// The backup is a snapshot. It contains everything that was acknowledged before the command started. It is checked
    /// before it gets its final name.
    Backup(BackupOptions),
    /// Replace the data with a backup, while no server is running. The replaced data is kept.
    ///
    /// Everything is then as it was when the backup was made, including passwords and API keys. Clients reload, and
    /// no id is reused.
    Restore(RestoreOptions),
    /// Advance the id counters after the data was restored by other means than `restore`, while no server is running.
    ///
    /// Ids that were assigned since the backup are then not reused, and clients reload. groupchat detects by itself
    /// that a PostgreSQL database was restored with pg_restore. It can't detect that a PostgreSQL server, or a data
    /// folder, was restored from a disk snapshot.
    AdvanceIds,
    /// Copy all data from the embedded database to PostgreSQL, or back, while no server is running.
    ///
    /// The copy is read back and compared before it can be used. The source doesn't change. Users, passwords, API keys
    /// and ids stay the same. Clients reload.
    MigrateDatabase(MigrateOptions),
    /// Look after the audit log.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Look at messages that are too old, and remove them now.
    #[command(subcommand)]
    Retention(RetentionCommand),
    /// Look after the keys that secrets are encrypted with.
    #[command(subcommand)]
    Secrets(SecretsCommand),
    /// Print a shell completion script.
    Completions(CompletionsOptions),
    /// Show the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the OpenAPI document of the HTTP API as JSON.
    Openapi,
}

/// Options of all commands.
#[derive(Debug, Clone, Args)]
pub(crate) struct DatabaseArgs {
    /// The TOML file with settings [default: groupchat.toml in the working directory, if it exists].
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// The folder that contains the database [default: data].
    #[arg(long, value_name = "DIR", global = true)]
    pub data_dir: Option<String>,
    /// The PostgreSQL database to use instead of the one in the data folder [default: none].
    #[arg(long, value_name = "URL", global = true)]
    pub database_url: Option<String>,
}

/// Commands for the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every setting with its value and where that comes from.
    ///
    /// Flags override GROUPCHAT_* variables, which override the file, which overrides the defaults.
    Show(ShowOptions),
}

/// How to show the configuration.
#[derive(Debug, Clone, Args)]
pub(crate) struct ShowOptions {
    /// Print JSON, for scripts.
    #[arg(long)]
    pub json: bool,
    /// Print the table of all settings for the documentation.
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
    /// Settings as for `serve`.
    #[command(flatten)]
    pub settings: SettingFlags,
}

impl Cli {
    /// Where settings come from: these flags, the file and the environment.
    pub(crate) fn sources(&self) -> Sources {
        let own = match &self.command {
            Some(Command::Serve(settings) | Command::Health(settings)) => &settings.0[..],
            Some(Command::Config(ConfigCommand::Show(options))) => &options.settings.0,
            _ => &[],
        };
        let mut flags = self.settings.0.clone();
        flags.extend_from_slice(own);
        let DatabaseArgs { data_dir, database_url, .. } = &self.database;
        flags.extend(data_dir.iter().map(|path| ("data_dir", path.clone())));
        flags.extend(database_url.iter().map(|url| ("database_url", url.clone())));
        Sources { file: self.database.config.clone(), variables: std::env::vars_os().collect(), flags }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn flags(arguments: &[&str]) -> Vec<(&'static str, String)> {
        Cli::try_parse_from([&["groupchat"], arguments].concat()).unwrap().sources().flags
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serving_is_what_happens_without_a_command() {
        let cli = Cli::try_parse_from(["groupchat", "--listen", "127.0.0.1:0"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!(cli.sources().flags, [("listen", "127.0.0.1:0".to_owned())]);
    }

    #[test]
    fn every_setting_has_a_flag_before_and_after_the_command() {
        for setting in crate::config::settings() {
            let (flag, expected) = (format!("--{}", setting.flag()), [(setting.name, "x".to_owned())]);
            for command in [&["serve"][..], &["config", "show"]] {
                assert_eq!(flags(&[command, &[&flag, "x"]].concat()), expected);
                assert_eq!(flags(&[&[&flag, "x"], command].concat()), expected);
            }
        }
    }

    #[test]
    fn every_command_takes_the_folder_the_database_and_the_file() {
        let places = ["--data-dir", "d", "--database-url", "u", "--config", "f"];
        for command in [&["user", "list"][..], &["check"], &["backup", "x"], &["restore", "x"], &["serve"]] {
            let cli = Cli::try_parse_from([&["groupchat"], command, &places].concat()).unwrap();
            let sources = cli.sources();
            let flags = [("data_dir", "d".to_owned()), ("database_url", "u".to_owned())];
            assert_eq!(sources.flags, flags, "{command:?}");
            assert_eq!(sources.file, Some(PathBuf::from("f")));
        }
    }
}
