//! How long after its 201 a message reaches the sockets of a group.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::Serialize;
use tokio::time::{MissedTickBehavior, interval};

use super::crowd::{Crowd, SocketTarget};
use super::post::Poster;
use crate::error::BenchError;
use crate::load::empty_histogram;
use crate::turn::Turn;

/// Between two messages: 20 a second.
const EVERY: Duration = Duration::from_millis(50);

/// From a message to its receipts, in microseconds.
#[derive(Debug, Clone)]
pub(super) struct Delays {
    /// From the sender's 201. What came before it took no time.
    pub after_reply: Histogram<u64>,
    /// From before the sender's request.
    pub after_request: Histogram<u64>,
}

/// What a histogram says, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Quantiles {
    /// Half of the values are at most this.
    pub p50_micros: u64,
    /// All but a hundredth of the values are at most this.
    pub p99_micros: u64,
}

impl From<&Histogram<u64>> for Quantiles {
    fn from(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| histogram.value_at_quantile(quantile);
        Self { p50_micros: at(0.5), p99_micros: at(0.99) }
    }
}

/// When a message was sent.
#[derive(Debug, Clone, Copy)]
struct SendTimes {
    requested: Instant,
    replied: Instant,
}

impl Delays {
    /// Nothing is known.
    pub(super) fn new() -> Self {
        Self { after_reply: empty_histogram(), after_request: empty_histogram() }
    }

    /// Sends messages for a while and adds how long each took to each of so many sockets that listen at the target, as
    /// members of the group that is sent to.
    ///
    /// # Errors
    /// A socket failed, or a message was not sent or did not come exactly once on each socket.
    pub(super) async fn measure(
        &mut self,
        poster: &Poster,
        target: &SocketTarget,
        time: Duration,
        sockets: usize,
    ) -> Result<(), BenchError> {
        let mut crowd = Crowd::open(target, sockets, true).await?;
        crowd.rest().await?;
        let sent = send(poster, time).await?;
        crowd.all_heard(sent.len() as u64).await?;
        crowd.ears.iter().for_each(|ear| self.add(&sent, &ear.times()));
        Ok(())
    }

    /// Adds what one socket heard: a group's messages come in the order in which they were sent.
    fn add(&mut self, sent: &[SendTimes], heard: &[Instant]) {
        let micros = |from, to: Instant| {
            u64::try_from(to.saturating_duration_since(from).as_micros()).unwrap_or(u64::MAX)
        };
        for (sent, &heard) in sent.iter().zip(heard) {
            self.after_reply.saturating_record(micros(sent.replied, heard));
            self.after_request.saturating_record(micros(sent.requested, heard));
        }
    }
}

async fn send(poster: &Poster, time: Duration) -> Result<Vec<SendTimes>, BenchError> {
    let mut clock = interval(EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (until, mut sent) = (Instant::now() + time, Vec::new());
    for number in 0.. {
        clock.tick().await;
        let requested = Instant::now();
        if requested >= until {
            break;
        }
        poster.post(Turn { connection: 0, number }).await?;
        sent.push(SendTimes { requested, replied: Instant::now() });
    }
    Ok(sent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_is_measured_from_the_reply_and_from_the_request() {
        let start = Instant::now();
        let after = |millis| start + Duration::from_millis(millis);
        let sent = [(0, 10), (50, 60)]
            .map(|(request, reply)| SendTimes { requested: after(request), replied: after(reply) });
        let mut delays = Delays::new();
        // The first before the reply, which may be, the second after it.
        delays.add(&sent, &[after(8), after(65)]);
        let near = |histogram: &Histogram<u64>, low: u64, high: u64| {
            assert!(histogram.equivalent(histogram.min(), low), "{} is not {low}", histogram.min());
            assert!(histogram.equivalent(histogram.max(), high), "{} is not {high}", histogram.max());
        };
        near(&delays.after_reply, 0, 5_000);
        near(&delays.after_request, 8_000, 15_000);
    }
}
