//! `groupchat`: the command line, the configuration and the wiring. The only crate that depends on all others.

mod acme;
mod advance_ids;
mod audit;
mod backup;
mod certificate;
mod check;
mod cli;
mod clock;
mod completions;
mod config;
mod config_show;
mod configured;
mod console;
mod database_url;
mod default_groups;
mod disk;
mod due;
mod error;
mod files;
mod hasher;
mod health;
mod hub_runner;
mod jobs;
mod known_settings;
mod logging;
mod mail;
mod maintenance;
mod migrate_database;
mod panic_guard;
mod passkeys;
mod pinned;
mod progress;
mod reload;
mod restore;
mod retention;
mod runner;
mod secrets;
mod serve;
mod shown_contents;
mod shown_salvage;
mod signals;
mod sinks;
mod storage;
mod tls;
mod token;
mod user;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::cli::{Cli, Command, ConfigCommand};
use crate::config::{Config, Layers, Sources};
use crate::error::ProgramError;
use crate::known_settings::PresentSettings;

/// Gives memory back to the system soon after a burst, which glibc's does not.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let code = match run(&Cli::parse()) {
        Ok(()) => 0,
        Err(error) => {
            console::print_error(&error);
            error.exit_code()
        }
    };
    #[cfg(feature = "postgres")]
    exit_without_cleanup(code);
    #[cfg(not(feature = "postgres"))]
    ExitCode::from(code)
}

/// Exits without running what C libraries have registered for the exit. OpenSSL, which libpq uses, frees its memory
/// there, and a thread that is still connecting to a PostgreSQL server that doesn't answer would crash the process.
/// Joining such a thread could take minutes.
#[cfg(feature = "postgres")]
fn exit_without_cleanup(code: u8) -> ! {
    let _ = std::io::Write::flush(&mut std::io::stdout());
    signal_hook::low_level::exit(code.into())
}

/// Carries out what needs no configuration; the rest after reading it.
fn run(cli: &Cli) -> Result<(), ProgramError> {
    match &cli.command {
        Some(Command::Config(ConfigCommand::Show(options))) => config_show::show(&cli.sources(), options),
        Some(Command::Completions(options)) => {
            completions::run(options, Cli::command());
            Ok(())
        }
        Some(Command::Openapi) => {
            console::print_document(&groupchat_api::openapi::text(env!("CARGO_PKG_VERSION")));
            Ok(())
        }
        command => {
            let sources = cli.sources();
            let layers = config::gather(&sources);
            run_configured(command.as_ref(), &Config::read(&layers)?, &layers, &sources)
        }
    }
}

fn run_configured(
    command: Option<&Command>,
    config: &Config,
    layers: &Layers,
    sources: &Sources,
) -> Result<(), ProgramError> {
    // Dropped last, so that the last lines are written.
    let log = logging::start(config.log_format, &config.log_filter)
        .map_err(|source| ProgramError::Start { what: "the log", source })?;
    match command {
        Some(Command::Health(_)) => health::run(config),
        Some(Command::User(command)) => user::run(config, command),
        Some(Command::Token(command)) => token::run(config, command),
        Some(Command::Audit(command)) => audit::run(config, command),
        Some(Command::Retention(command)) => retention::run_command(config, command),
        Some(Command::Secrets(command)) => secrets::run(config, command),
        Some(Command::Check(options)) => check::run(config, options),
        Some(Command::Backup(options)) => backup::run(config, options),
        Some(Command::Restore(options)) => restore::run(config, options),
        Some(Command::AdvanceIds) => advance_ids::run(config),
        Some(Command::MigrateDatabase(options)) => migrate_database::run(options),
        _ => serve::run(config, PresentSettings::all(layers), sources, &log),
    }
}
