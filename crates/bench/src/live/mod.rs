//! The command `live`: how fast events reach those who listen, and what listening costs.
//!
//! `crowd` holds many sockets, opened by `handshake`; `frames` finds in their bytes what `tally` counts. `fan_out`,
//! `delay`, `idle`, `sends` and `two_servers` measure, on the database that `stage` makes; `broadcast` is the program
//! that fan-out is compared with.

pub(crate) mod args;
mod broadcast;
mod crowd;
mod delay;
pub(crate) mod error;
mod fan_out;
mod frames;
mod handshake;
mod idle;
mod open_files;
mod post;
mod program;
mod report;
mod sample;
mod sends;
mod stage;
mod tally;
mod two_servers;

use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

pub(crate) use broadcast::serve as broadcast;
pub(crate) use open_files::allow as allow_open_files;

use self::args::LiveArgs;
use self::delay::Delays;
use self::error::LiveError;
use self::idle::IdleWatch;
use self::post::Poster;
use self::program::Program;
use self::report::{Conditions, FanOutRound, LiveReport, render};
use self::stage::Stage;
use crate::audit::audit;
use crate::child::server_binary;
use crate::error::BenchError;
use crate::load::Timing;
use crate::output::{self, write_json};
use crate::scenario::Part;

/// For how many signs of life the sockets of members of one group are watched: as long as it takes for the memory to be
/// what it is going to be.
const MEMBERS_HEARTBEATS: u32 = 5;

/// Measures, prints the tables and writes the JSON file.
///
/// # Errors
/// Something could not be started, or anything failed while it was measured.
pub(crate) async fn live(args: &LiveArgs) -> Result<(), BenchError> {
    if args.wants(Part::TwoServers) && args.database_url.is_none() {
        return Err(LiveError::OneDatabase.into());
    }
    open_files::allow(args.most_sockets())?;
    let scratch = TempDir::new().map_err(|source| BenchError::io("making a temporary directory", source))?;
    let binary = server_binary(args.server_binary.as_deref())?;
    let stage = Stage::prepare(args, scratch.path()).await?;
    let mut report = measure_under_load(args, &binary, &stage, scratch.path()).await?;
    if args.wants(Part::TwoServers) {
        let each_way = Duration::from_secs(args.seconds) * u32::from(args.rounds);
        let delays = two_servers::measure(&binary, &stage, each_way, scratch.path()).await;
        report.two_servers = Some((&delays.map_err(during(Part::TwoServers))?).into());
    }
    if args.wants(Part::Idle) {
        let idle = async |keys, heartbeats| {
            let watch = IdleWatch { sockets: args.idle, heartbeat: args.heartbeat, heartbeats };
            watch.keep(&binary, &stage.hall.location, keys, scratch.path()).await.map_err(during(Part::Idle))
        };
        report.idle = Some(idle(&stage.strangers, args.heartbeats).await?);
        report.idle_members = Some(idle(&stage.members, args.heartbeats.min(MEMBERS_HEARTBEATS)).await?);
    }
    report.audited_sends = audit(&[&stage.hall, &stage.rooms]).await?;
    report.judge();
    output::print(&render(&report))?;
    args.json.as_ref().map_or(Ok(()), |path| write_json(path, &report))
}

/// Everything but the idle sockets, side by side in each round.
async fn measure_under_load(
    args: &LiveArgs,
    binary: &Path,
    stage: &Stage,
    scratch: &Path,
) -> Result<LiveReport, BenchError> {
    let server = Program::server(binary, &stage.hall.location, &stage.members, &[], scratch).await?;
    let frame = sample::catch(&server, &stage.hall).await?;
    let minimal = Program::broadcast(&frame, args.sockets, scratch).await?;
    let mut report = LiveReport::new(Conditions::new(args, stage.hall.engine.clone(), frame.len()));
    let mut delays = Delays::new();
    let parts: Vec<_> =
        [Part::FanOut, Part::Delay, Part::Sends].into_iter().filter(|&part| args.wants(part)).collect();
    let bar = output::progress(u64::from(args.rounds) * parts.len() as u64, "measurements");
    for &part in (0..args.rounds).flat_map(|_| &parts) {
        bar.set_message(part.to_string());
        let of = Measured { args, stage, server: &server, minimal: &minimal };
        of.measure(part, &mut report, &mut delays).await.map_err(during(part))?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    minimal.stop().await?;
    server.stop().await?;
    report.delay = args.wants(Part::Delay).then(|| (&delays).into());
    Ok(report)
}

/// What a round measures.
struct Measured<'a> {
    args: &'a LiveArgs,
    stage: &'a Stage,
    server: &'a Program,
    minimal: &'a Program,
}

impl Measured<'_> {
    /// Measures one part once and adds what it found.
    async fn measure(
        self,
        part: Part,
        report: &mut LiveReport,
        delays: &mut Delays,
    ) -> Result<(), BenchError> {
        let Self { args, stage, server, minimal } = self;
        let timing =
            Timing { warm_up: Duration::from_secs(args.warm_up), window: Duration::from_secs(args.seconds) };
        match part {
            Part::FanOut => report.fan_out.push(FanOutRound {
                minimal: fan_out::of_broadcast(minimal, timing, args.sockets).await?,
                server: fan_out::of_server(server, &stage.hall, timing, args.sockets, args.in_flight).await?,
            }),
            Part::Delay => {
                let poster = Poster::new(server, &stage.hall, 1)?;
                delays.measure(&poster, &server.target, timing.window, args.sockets).await?;
            }
            Part::Sends => report.sends.push(sends::measure(server, stage, timing, args.listeners).await?),
            Part::Idle | Part::TwoServers => {}
        }
        Ok(())
    }
}

fn during(part: Part) -> impl FnOnce(BenchError) -> BenchError {
    move |error| BenchError::During { part, error: Box::new(error) }
}
