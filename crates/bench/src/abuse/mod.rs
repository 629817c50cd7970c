//! The command `abuse`: what hostile clients do to the server and to everybody else.
//!
//! Each scenario starts the server on a database of its own (`stage`) under limits of the operating system (`server`),
//! lets hostile clients loose on it (`attacks`), and measures meanwhile what others get (`bystander`) and what the
//! server takes (`watch`). `report` holds that against the scenario's bars.

pub(crate) mod args;
mod attacks;
mod bystander;
mod network;
mod outcome;
mod report;
mod server;
mod stage;
mod tally;
mod watch;

use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::sleep;

use self::args::{AbuseArgs, AttackScenario};
use self::attacks::Scene;
use self::bystander::Bystanders;
use self::outcome::{Measuring, Outcome, Processor};
use self::report::{AbuseReport, Conditions, render};
use self::server::Server;
use self::stage::Stage;
use self::watch::MemoryWatch;
use crate::child::server_binary;
use crate::error::BenchError;
use crate::footprint::folder_size;
use crate::live::allow_open_files;
use crate::output::{self, write_json};

/// Sockets at either end of the largest scenario, with room for the other end's files.
const MAX_SOCKETS_NEEDED: usize = 2_000;
/// How long others are measured before the attack.
const ALONE: Duration = Duration::from_secs(2);
/// For how long the server's processor time is measured once all clients have hung up, from that moment on: as long as
/// a read may take at most, so that one which nobody ends shows.
const AFTERMATH: Duration = Duration::from_secs(2);

/// Runs the scenarios one after the other, prints the tables and writes the JSON file.
///
/// # Errors
/// Something could not be started; or, with `--check`, a bar was missed.
pub(crate) async fn abuse(args: &AbuseArgs) -> Result<(), BenchError> {
    allow_open_files(MAX_SOCKETS_NEEDED)?;
    let binary = server_binary(args.server_binary.as_deref())?;
    let scenarios = args.scenarios();
    let bar = output::progress(scenarios.len() as u64, "scenarios");
    let mut report = AbuseReport::new(Conditions::new(args.seconds));
    for scenario in scenarios {
        bar.set_message(scenario.to_string());
        let window = Duration::from_secs(args.seconds.max(scenario.least_seconds()));
        report.add(run(scenario, &binary, window).await?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    output::print(&render(&report))?;
    args.json.as_ref().map_or(Ok(()), |path| write_json(path, &report))?;
    match report.missed() {
        missed if args.check && missed > 0 => Err(BenchError::BarsMissed(missed)),
        _ => Ok(()),
    }
}

/// Runs one scenario from an empty folder to its outcome.
async fn run(scenario: AttackScenario, binary: &Path, window: Duration) -> Result<Outcome, BenchError> {
    let scratch = TempDir::new().map_err(|source| BenchError::io("making a temporary directory", source))?;
    let data = scratch.path().join("data");
    let stage = Stage::prepare(scenario, &data).await?;
    let server = Server::start(binary, &data, scenario.limits(), scratch.path()).await?;
    let scene = Scene::new(&server, stage);
    let bystanders = Bystanders::of(scenario, &scene);
    let alone = bystanders.measure(ALONE).await?;

    let watch = MemoryWatch::start(server.pid);
    let stored = folder_size(&data)?;
    let mut hostile = JoinSet::new();
    attacks::launch(scenario, &scene, &mut hostile).await?;
    let busy = Processor::begin(server.pid);
    let under = bystanders.measure(window).await?;
    let during = busy.and_then(Measuring::end);
    let stored = folder_size(&data)?.saturating_sub(stored);
    hostile.shutdown().await;

    let busy = Processor::begin(server.pid);
    sleep(AFTERMATH).await;
    let afterwards = busy.and_then(Measuring::end);
    let lived = server.is_serving().await;
    let memory = watch.finish().await;
    server.end().await;
    let tally = scene.tally;
    Ok(Outcome { scenario, lived, memory, during, afterwards, stored, window, alone, under, tally })
}
