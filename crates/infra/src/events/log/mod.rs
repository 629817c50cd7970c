//! Appending events to the log.

mod batch;
#[cfg(feature = "postgres")]
mod command;
pub(crate) mod mark;
mod row;

pub(crate) use batch::{EventBuffer, append};
#[cfg(feature = "postgres")]
pub(crate) use command::CommandEvents;
#[cfg(feature = "postgres")]
pub(crate) use row::EventRow;

/// A new epoch for a log, 128 random bits. It distinguishes this log's positions from those of other logs.
///
/// # Errors
/// The operating system returned no random numbers.
pub(crate) fn new_epoch() -> Result<String, getrandom::Error> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bits)))
}
