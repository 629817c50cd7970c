//! The command `admission`: what a request costs before its own work begins. Its key is hashed, it is counted in its class, and
//! its session is looked up, in the transaction of what it does.

use std::hint::black_box;
use std::time::Instant;

use groupchat_domain::accounts::{ApiKeys, KeyHash, Secret};
use groupchat_domain::rates::{RequestClass, RequestLimiter};
use groupchat_domain::storage::Caller;
use groupchat_infra::accounts::keys::RandomKeys;
use groupchat_infra::request_limiter::GovernedRequests;
use serde::Serialize;
use tempfile::TempDir;

use crate::cli::AdmissionArgs;
use crate::database::Database;
use crate::error::BenchError;
use crate::location::DatabaseLocation;
use crate::output::{self, write_json};
use crate::seed::{READ, SignedIn, ensure_users, sign_in};

/// How many rounds to take the median of.
const ROUNDS: usize = 9;

/// The steps of an admission.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Admission {
    /// Hashing the key, in nanoseconds.
    key: f64,
    /// Counting the request, in nanoseconds.
    limiter: f64,
    /// Looking the session up, in nanoseconds.
    session: f64,
}

/// Measures on an embedded database of its own, prints the table and writes the JSON file.
///
/// # Errors
/// The database or the report can't be written.
pub(crate) async fn admission_command(args: &AdmissionArgs) -> Result<(), BenchError> {
    let scratch = TempDir::new().map_err(|source| BenchError::io("making a temporary directory", source))?;
    let database = Database::open(&DatabaseLocation::Directory(scratch.path().to_owned()))?;
    let users = ensure_users(database.storage(), args.users as usize).await?;
    let signed_in = sign_in(database.storage(), &users).await?;
    let measured = Admission {
        key: hashing(&signed_in, args.times),
        limiter: counting(&signed_in, args.times),
        session: looking_up(&database, &signed_in, args.times).await?,
    };
    database.close();
    output::print(&render(measured, args.echo))?;
    match &args.json {
        Some(path) => write_json(path, &measured),
        None => Ok(()),
    }
}

/// The table, compared with the CPU time of an echo in microseconds, if it is known.
fn render(measured: Admission, echo: Option<f64>) -> String {
    let Admission { key, limiter, session } = measured;
    let steps = [
        ("hashing the key", key),
        ("counting the request", limiter),
        ("looking up the session", session),
        ("together", key + limiter + session),
    ];
    let row = |(step, nanoseconds): (&str, f64)| {
        let share =
            echo.map_or_else(|| "-".to_owned(), |echo| format!("{:.1} %", nanoseconds / (echo * 10.0)));
        format!("{step:<24} {nanoseconds:>10.0} {share:>12}\n")
    };
    let rows: String = steps.into_iter().map(row).collect();
    format!("{:<24} {:>10} {:>12}\n{rows}", "step", "ns", "of an echo")
}

fn hashing(signed_in: &[SignedIn], times: u32) -> f64 {
    let mut keys = signed_in.iter().cycle();
    each(times, || keys.next().map(|user| RandomKeys.digest(user.key.reveal())))
}

fn counting(signed_in: &[SignedIn], times: u32) -> f64 {
    let limiter = GovernedRequests::usual();
    let mut callers = signed_in.iter().map(|user| Caller::User(user.actor.id())).cycle();
    each(times, || callers.next().map(|caller| limiter.take(RequestClass::Read, caller)))
}

/// In one transaction, so that only the statement is measured.
async fn looking_up(database: &Database, signed_in: &[SignedIn], times: u32) -> Result<f64, BenchError> {
    let digest = |key: &Secret| RandomKeys.digest(key.reveal());
    let keys: Vec<KeyHash> = signed_in.iter().map(|user| digest(&user.key)).collect();
    // A read may only take so long.
    let times = times.min(LOOK_UPS);
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..=ROUNDS {
        let keys = keys.clone();
        let round = database.storage().run(READ, move |tx| {
            let (mut keys, now) = (keys.iter().cycle(), tx.now());
            let mut missing = 0;
            let nanoseconds = once(times, || {
                let found = keys.next().map(|key| tx.sessions().authenticate(key, now));
                missing += u32::from(!matches!(found, Some(Ok(Some(_)))));
            });
            assert_eq!(missing, 0, "all sessions are there");
            Ok(nanoseconds)
        });
        rounds.push(round.await?);
    }
    Ok(median(rounds))
}

/// Sessions that are looked up in one transaction.
const LOOK_UPS: u32 = 20_000;

/// The median time of one of these calls, in nanoseconds.
fn each<T>(times: u32, mut call: impl FnMut() -> T) -> f64 {
    median((0..=ROUNDS).map(|_| once(times, &mut call)).collect())
}

fn once<T>(times: u32, mut call: impl FnMut() -> T) -> f64 {
    let begin = Instant::now();
    for _ in 0..times {
        black_box(call());
    }
    begin.elapsed().as_secs_f64() * 1e9 / f64::from(times)
}

/// The median of rounds, of which the first was for warming up.
fn median(mut rounds: Vec<f64>) -> f64 {
    rounds.remove(0);
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_step_is_measured_and_told() {
        let folder = tempfile::tempdir().unwrap();
        let json = folder.path().join("admission.json");
        let args = AdmissionArgs { times: 20, users: 3, echo: Some(10.0), json: Some(json.clone()) };
        admission_command(&args).await.unwrap();
        let written: serde_json::Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
        for step in ["key", "limiter", "session"] {
            assert!(written[step].as_f64().unwrap() > 0.0, "{written}");
        }
        let table = render(Admission { key: 100.0, limiter: 200.0, session: 700.0 }, Some(10.0));
        assert!(table.contains("together                       1000       10.0 %"), "{table}");
        assert!(render(Admission { key: 1.0, limiter: 2.0, session: 3.0 }, None).contains('-'));
    }
}
