//! `groupchat`: the command line, the configuration and the wiring. The only place that knows every part.

mod cli;
mod console;
mod error;
mod jobs;
mod logging;
mod serve;
mod signals;
mod storage;
mod user;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command, UserCommand};

fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start();
    let outcome = match cli.command {
        None => serve::run(&cli.serve),
        Some(Command::Serve(options)) => serve::run(&options),
        Some(Command::User(UserCommand::Create(options))) => user::create(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::complain(&error);
            ExitCode::FAILURE
        }
    }
}
