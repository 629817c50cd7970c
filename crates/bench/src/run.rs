//! The command `run`: from an empty directory to a report.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Body, Request};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::audit::audit;
use crate::child::{HEALTH, Serving, server_binary, this_program};
use crate::cli::RunArgs;
use crate::error::BenchError;
use crate::fixture::Fixture;
use crate::footprint::{Memory, file_size};
use crate::load::{Processes, Timing, client, drive};
use crate::output::{self, write_json};
use crate::report::{Conditions, Footprint, Report, Samples, SendBytes, median, render};
use crate::requests::workload;
use crate::scenario::{Route, scenarios};
use crate::turn::Turn;

/// How often the start-up is timed.
const START_UPS: usize = 5;
/// How long the server is left alone before its idle memory is read.
const REST: Duration = Duration::from_secs(2);

/// Measures, prints the table and writes the JSON file.
///
/// # Errors
/// Something could not be started, or any request of a measurement failed.
pub(crate) async fn run(args: &RunArgs) -> Result<(), BenchError> {
    let scratch = TempDir::new().map_err(|source| BenchError::io("making a temporary directory", source))?;
    let program = server_binary(args.server_binary.as_deref())?;
    let fixture = Fixture::prepare(args, scratch.path()).await?;
    if fixture.rich_rooms.is_empty() && args.only.iter().any(|route| route.is_rich()) {
        return Err(BenchError::NoRichMessages { location: fixture.location });
    }
    let report = measure(args, &program, &fixture, scratch.path()).await?;
    output::print(&render(&report))?;
    match &args.json {
        Some(path) => write_json(path, &report),
        None => Ok(()),
    }
}

async fn measure(
    args: &RunArgs,
    program: &Path,
    fixture: &Fixture,
    scratch: &Path,
) -> Result<Report, BenchError> {
    let start_up = time_start_up(program, fixture, scratch).await?;
    let (server, _) = start_server(program, fixture, scratch).await?;
    sleep(REST).await;
    let idle = memory(&server)?;
    let page = fetch(Route::Page, &server, fixture).await?;
    let rich_page = if fixture.rich_rooms.is_empty() {
        None
    } else {
        Some(fetch(Route::RichPage, &server, fixture).await?)
    };
    let baseline = start_baseline(&page, rich_page.as_deref(), scratch).await?;
    let conditions = Conditions {
        database: fixture.engine.clone(),
        cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        rounds: args.rounds,
        seconds: args.seconds,
        messages: fixture.messages(),
        send_bytes: send_bytes(&server, &baseline, fixture).await?,
        page_bytes: page.len(),
        rich_page_bytes: rich_page.as_ref().map(Vec::len),
    };
    let samples = rounds(args, &server, &baseline, fixture).await?;
    let peak = memory(&server)?;
    baseline.stop().await?;
    server.stop().await?;
    let footprint = Footprint {
        start_up,
        idle_memory: idle.resident,
        peak_memory: peak.peak,
        binary: file_size(program)?,
    };
    let audited = audit(&[fixture]).await?;
    Ok(Report::new(conditions, &samples, footprint, audited))
}

/// Runs all scenarios, one round after the other.
async fn rounds(
    args: &RunArgs,
    server: &Serving,
    baseline: &Serving,
    fixture: &Fixture,
) -> Result<Samples, BenchError> {
    let timing =
        Timing { warm_up: Duration::from_secs(args.warm_up), window: Duration::from_secs(args.seconds) };
    let routes = if args.only.is_empty() { &fixture.routes } else { &args.only };
    let scenarios = scenarios(routes, &args.connections);
    let bar = output::progress(u64::from(args.rounds) * scenarios.len() as u64, "measurements");
    let mut samples = Samples::new();
    for _ in 0..args.rounds {
        for &scenario in &scenarios {
            bar.set_message(scenario.to_string());
            let (program, database) =
                if scenario.route.is_baseline() { (baseline, None) } else { (server, fixture.family) };
            let requests = workload(scenario.route, &program.url, fixture)?;
            let processes = Processes { program: pid(program)?, database };
            let sample = drive(scenario, timing, Arc::new(requests), processes).await?;
            samples.entry(scenario).or_default().push(sample);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    Ok(samples)
}

/// The median time, in seconds, from the start of the process to the first answer.
async fn time_start_up(program: &Path, fixture: &Fixture, scratch: &Path) -> Result<f64, BenchError> {
    let mut times = Vec::with_capacity(START_UPS);
    for _ in 0..START_UPS {
        let (server, time) = start_server(program, fixture, scratch).await?;
        times.push(time.as_secs_f64());
        server.stop().await?;
    }
    Ok(median(times))
}

async fn start_server(
    program: &Path,
    fixture: &Fixture,
    scratch: &Path,
) -> Result<(Serving, Duration), BenchError> {
    let mut arguments = ["serve", "--listen", "127.0.0.1:0"].map(str::to_owned).to_vec();
    arguments.extend(fixture.location.arguments());
    let log = scratch.join("server.log");
    let mut server = Serving::start(program, &arguments, &fixture.location.variables(), &log).await?;
    let time = server.await_ready(HEALTH).await?;
    Ok((server, time))
}

async fn start_baseline(
    page: &[u8],
    rich_page: Option<&[u8]>,
    scratch: &Path,
) -> Result<Serving, BenchError> {
    let mut arguments = vec!["baseline".to_owned()];
    for (flag, page) in [("--static-reply", Some(page)), ("--rich-reply", rich_page)] {
        let Some(page) = page else { continue };
        let file = scratch.join(format!("page{flag}.json"));
        std::fs::write(&file, page).map_err(|source| BenchError::io("writing the static reply", source))?;
        arguments.extend([flag.to_owned(), file.to_string_lossy().into_owned()]);
    }
    let mut baseline =
        Serving::start(&this_program()?, &arguments, &[], &scratch.join("baseline.log")).await?;
    baseline.await_ready("/static").await?;
    Ok(baseline)
}

/// The answer of a program to one request of a route.
async fn fetch(route: Route, from: &Serving, fixture: &Fixture) -> Result<Vec<u8>, BenchError> {
    let request = first_request(route, from, fixture)?;
    let response = client(1)?.execute(request).await?;
    Ok(response.error_for_status()?.bytes().await?.to_vec())
}

fn first_request(route: Route, to: &Serving, fixture: &Fixture) -> Result<Request, BenchError> {
    Ok(workload(route, &to.url, fixture)?.request(Turn { connection: 0, number: 0 }))
}

async fn send_bytes(
    server: &Serving,
    baseline: &Serving,
    fixture: &Fixture,
) -> Result<SendBytes, BenchError> {
    let request = first_request(Route::Send, server, fixture)?;
    Ok(SendBytes {
        request: request.body().and_then(Body::as_bytes).map_or(0, <[u8]>::len),
        reply: fetch(Route::Send, server, fixture).await?.len(),
        echo: fetch(Route::Echo, baseline, fixture).await?.len(),
    })
}

fn memory(program: &Serving) -> Result<Memory, BenchError> {
    Memory::of(pid(program)?)
}

fn pid(program: &Serving) -> Result<u32, BenchError> {
    program.pid().ok_or_else(|| BenchError::Request("the program has ended".to_owned()))
}
