//! How much sends slow down when there are sockets that listen.

use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use super::crowd::Crowd;
use super::error::LiveError;
use super::program::Program;
use super::stage::{ROOMS, SENDERS, Stage};
use crate::error::BenchError;
use crate::load::{Timing, drive};
use crate::requests::workload;
use crate::scenario::{Route, Scenario};

/// What is sent, from as many connections as there are users who send.
const SENDS: Scenario = Scenario { route: Route::Send, connections: SENDERS };

/// Sends with and without sockets that listen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct SendRates {
    /// Sends a second while nobody listens.
    pub alone: f64,
    /// Sends a second while the sockets listen.
    pub beside: f64,
    /// Deliveries a second to the sockets meanwhile.
    pub deliveries: f64,
}

/// Measures sends first while nobody listens, then while the sockets do.
///
/// # Errors
/// A request or a socket failed, or a socket missed a message.
pub(super) async fn measure(
    server: &Program,
    stage: &Stage,
    timing: Timing,
    listeners: usize,
) -> Result<SendRates, BenchError> {
    let send = async || {
        let requests = Arc::new(workload(Route::Send, server.url(), &stage.rooms)?);
        drive(SENDS, timing, requests, server.processes(&stage.rooms)).await
    };
    let alone = send().await?.per_second;
    let mut crowd = Crowd::open(&server.target, listeners, false).await?;
    crowd.rest().await?;
    let begun = Instant::now();
    let beside = send().await?.per_second;
    let deliveries = crowd.tally.heard().messages as f64 / begun.elapsed().as_secs_f64();
    crowd.rest().await?;
    heard_alike(&crowd)?;
    Ok(SendRates { alone, beside, deliveries })
}

/// Makes sure that all sockets of a room have heard the same.
fn heard_alike(crowd: &Crowd) -> Result<(), LiveError> {
    for (number, ear) in crowd.ears.iter().enumerate() {
        let (got, sent) = (ear.messages(), crowd.ears[number % ROOMS].messages());
        if got != sent || sent == 0 {
            return Err(LiveError::Miscounted { got, sent });
        }
    }
    Ok(())
}
