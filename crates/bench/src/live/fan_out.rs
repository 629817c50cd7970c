//! How many deliveries a second a group with many sockets gets.

use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::crowd::{Crowd, TIMEOUT};
use super::error::LiveError;
use super::post::Poster;
use super::program::Program;
use super::tally::Tally;
use crate::error::BenchError;
use crate::fixture::Fixture;
use crate::load::Timing;
use crate::turn::Turn;

/// From how many connections messages are sent at once.
const SENDERS: usize = 4;

/// What a program delivers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Rate {
    /// Messages that came on sockets, a second.
    pub per_second: f64,
    /// Processor time of the program for each of them, in microseconds.
    pub processor_micros: f64,
}

/// The rate at which the minimal program delivers.
///
/// # Errors
/// A socket failed.
pub(super) async fn of_broadcast(
    minimal: &Program,
    timing: Timing,
    sockets: usize,
) -> Result<Rate, BenchError> {
    let mut crowd = Crowd::open(&minimal.target, sockets, false).await?;
    rate(minimal, &mut crowd, timing).await
}

/// The rate at which the server delivers messages that are sent to one group as fast as they reach everybody, with at
/// most `in_flight` of them not delivered yet. Sending is far faster than writing to a thousand sockets: without a
/// limit, this would measure how the server disconnects slow listeners.
///
/// # Errors
/// A socket or a sender failed, or a message did not come exactly once on each socket.
pub(super) async fn of_server(
    server: &Program,
    hall: &Fixture,
    timing: Timing,
    sockets: usize,
    in_flight: u16,
) -> Result<Rate, BenchError> {
    let mut crowd = Crowd::open(&server.target, sockets, false).await?;
    crowd.rest().await?;
    crowd.tally.reached_all.add_permits(usize::from(in_flight));
    let poster = Poster::new(server, hall, SENDERS)?;
    let until = Instant::now() + timing.warm_up + timing.window;
    let mut senders = JoinSet::new();
    for connection in 0..SENDERS {
        senders.spawn(send(poster.clone(), Arc::clone(&crowd.tally), connection, until));
    }
    let rate = rate(server, &mut crowd, timing).await?;
    let sent: u64 = senders.join_all().await.into_iter().sum::<Result<u64, BenchError>>()?;
    crowd.all_heard(sent).await?;
    Ok(rate)
}

/// Sends until it is time, each message when there is room for one more. Returns how many.
async fn send(
    poster: Poster,
    tally: Arc<Tally>,
    connection: usize,
    until: Instant,
) -> Result<u64, BenchError> {
    let mut number = 0;
    loop {
        let room = timeout(TIMEOUT, tally.reached_all.acquire()).await;
        let Ok(Ok(room)) = room else {
            return Err(LiveError::Late("messages did not reach everybody", TIMEOUT.as_secs()).into());
        };
        if Instant::now() >= until {
            // The room is left to the others, who have to see the time too.
            return Ok(number);
        }
        room.forget();
        poster.post(Turn { connection, number }).await?;
        number += 1;
    }
}

async fn rate(program: &Program, crowd: &mut Crowd, timing: Timing) -> Result<Rate, BenchError> {
    sleep(timing.warm_up).await;
    let (begun, before, took) = (Instant::now(), crowd.tally.heard(), program.processor_time()?);
    sleep(timing.window).await;
    let after = crowd.tally.heard();
    let (seconds, took) = (begun.elapsed().as_secs_f64(), program.processor_time()?.saturating_sub(took));
    crowd.all_open()?;
    let messages = (after.messages - before.messages) as f64;
    Ok(Rate {
        per_second: messages / seconds,
        processor_micros: took.as_secs_f64() * 1e6 / messages.max(1.0),
    })
}
