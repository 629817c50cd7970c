//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::backup::BackupOptions;
use crate::check::CheckOptions;
use crate::completions::CompletionsOptions;
use crate::config::{SettingFlags, Sources};
use crate::migrate_database::MigrateOptions;
use crate::restore::RestoreOptions;
use crate::user::UserCommand;

/// What the program tells whoever started it.
const EXIT_CODES: &str = "Exit codes: 0 done; 1 refused or failed, and the standard error says why; \
2 the command line or the configuration is wrong.";

/// A self-hosted group chat server: one program, an embedded database, an HTTP API.
///
/// Without a command it serves.
#[derive(Debug, Parser)]
#[command(name = "groupchat", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Which settings to use.
    #[command(flatten)]
    pub place: Place,
    /// Settings for `serve`, which is what happens without a command.
    #[command(flatten)]
    pub settings: SettingFlags,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server until it gets SIGTERM or Ctrl-C.
    Serve(SettingFlags),
    /// Ask the server that these settings start whether it is well; exit code 1 if it isn't, or isn't there.
    Health(SettingFlags),
    /// Manage users from the command line, also while the server runs.
    #[command(subcommand)]
    User(UserCommand),
    /// Check the data: is the database whole, is there room, is the clock right. Also while the server runs.
    ///
    /// Ends with exit code 1 if a check failed; a warning is no failure.
    Check(CheckOptions),
    /// Back the data up into one file, also while the server runs and writes.
    ///
    /// The backup is one point in time: all that was acknowledged before the command began is in it. It is checked
    /// before it gets its name.
    Backup(BackupOptions),
    /// Put a backup in the place of the data, while no server runs. What it replaces is kept.
    ///
    /// Everything is then as it was at the time of the backup, passwords and API keys included. Clients start
    /// over with the event log, and no id is given out again.
    Restore(RestoreOptions),
    /// Say that the data was restored by other means than `restore`, while no server runs.
    ///
    /// Ids that were given out since the backup are then not given out again, and clients start over with the event
    /// log. A PostgreSQL database that was restored by pg_restore is noticed without this; one that was restored from
    /// a snapshot of its disks, like a data folder, is not.
    AdvanceIds,
    /// Copy everything from the embedded database to a PostgreSQL server, or back, while no server runs.
    ///
    /// The copy is read back and compared before it can be used; the database that is copied stays as it is. Users,
    /// passwords, API keys and ids stay the same. Clients start over with the event log.
    MigrateDatabase(MigrateOptions),
    /// Print a script that lets a shell complete this command line.
    Completions(CompletionsOptions),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the OpenAPI document of the HTTP API, as JSON.
    Openapi,
}

/// What every command wants to know.
#[derive(Debug, Clone, Args)]
pub(crate) struct Place {
    /// The TOML file with settings [default: groupchat.toml in the working directory, if it is there].
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// The folder that holds the database [default: data].
    #[arg(long, value_name = "DIR", global = true)]
    pub data_dir: Option<String>,
    /// The PostgreSQL database to use in place of the one in the folder [default: none].
    #[arg(long, value_name = "URL", global = true)]
    pub database_url: Option<String>,
}

/// What can be done with the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every setting with its value and where that comes from.
    ///
    /// Flags win over GROUPCHAT_* variables, these over the file, and the file over the defaults.
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
    /// Settings to look at as `serve` would take them.
    #[command(flatten)]
    pub settings: SettingFlags,
}

impl Cli {
    /// What was said about settings, here and in the environment.
    pub(crate) fn sources(&self) -> Sources {
        let own = match &self.command {
            Some(Command::Serve(settings) | Command::Health(settings)) => &settings.0[..],
            Some(Command::Config(ConfigCommand::Show(options))) => &options.settings.0,
            _ => &[],
        };
        let mut flags = self.settings.0.clone();
        flags.extend_from_slice(own);
        let Place { data_dir, database_url, .. } = &self.place;
        flags.extend(data_dir.iter().map(|path| ("data_dir", path.clone())));
        flags.extend(database_url.iter().map(|url| ("database_url", url.clone())));
        Sources { file: self.place.config.clone(), variables: std::env::vars_os().collect(), flags }
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
