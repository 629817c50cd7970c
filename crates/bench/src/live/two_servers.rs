//! How long a message takes from one server to a socket of another, on the same database.

use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use super::delay::Delays;
use super::post::Poster;
use super::program::Program;
use super::stage::Stage;
use crate::error::BenchError;

/// One client listens: what more of them cost is told by what is measured on one server.
const SOCKETS: usize = 1;

/// Starts two servers and sends messages on one to a socket on the other, then the other way round: one of them has the
/// work of numbering events, and a message that is sent there need not wait for it. Each way takes `time`.
///
/// # Errors
/// The servers or the socket failed, or a message was not sent or did not come exactly once.
pub(super) async fn measure(
    binary: &Path,
    stage: &Stage,
    time: Duration,
    scratch: &Path,
) -> Result<Delays, BenchError> {
    let logs = || TempDir::new_in(scratch).map_err(|source| BenchError::io("making a directory", source));
    let (first_log, second_log) = (logs()?, logs()?);
    let start = async |log: &TempDir| {
        Program::server(binary, &stage.hall.location, &stage.members, &[], log.path()).await
    };
    let (first, second) = (start(&first_log).await?, start(&second_log).await?);
    let mut delays = Delays::new();
    for (sending, listening) in [(&first, &second), (&second, &first)] {
        let poster = Poster::new(sending, &stage.hall, 1)?;
        delays.measure(&poster, &listening.target, time, SOCKETS).await?;
    }
    second.stop().await?;
    first.stop().await?;
    Ok(delays)
}
