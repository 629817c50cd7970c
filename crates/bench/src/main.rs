//! Measures a groupchat server, and fills databases to measure it on. `docs/PERFORMANCE.md` says how to run
//! it and how it measures.

mod abuse;
mod admission;
mod audit;
mod audit_fault;
mod baseline;
mod child;
mod cli;
mod count;
mod database;
mod decide;
mod error;
mod fixture;
mod footprint;
mod html;
mod ledger;
mod live;
mod load;
mod location;
mod output;
mod report;
mod requests;
mod run;
mod scenario;
mod seed;
mod trim;
mod turn;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::error::BenchError;

fn main() -> ExitCode {
    match dispatch(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::print_error(&error);
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> Result<(), BenchError> {
    match command {
        Command::Run(args) => runtime()?.block_on(run::run(&args)),
        Command::Live(args) => runtime()?.block_on(live::live(&args)),
        Command::Abuse(args) => runtime()?.block_on(abuse::abuse(&args)),
        Command::Decide(args) => decide::decide_command(&args),
        Command::Admission(args) => runtime()?.block_on(admission::admission_command(&args)),
        Command::Html(args) => html::html_command(&args),
        Command::Seed(args) => runtime()?.block_on(seed::seed_command(&args)),
        Command::Trim(args) => runtime()?.block_on(trim::trim_command(&args)),
        // actix-web brings a runtime of its own.
        Command::Baseline(args) => actix_web::rt::System::new().block_on(baseline::serve(&args)),
        Command::Broadcast(args) => runtime()?.block_on(live::broadcast(&args)),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, BenchError> {
    tokio::runtime::Runtime::new().map_err(|source| BenchError::io("starting the async runtime", source))
}
