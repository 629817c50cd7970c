//! `groupchat advance-ids`: no id is given out twice after a restore that groupchat did not make.

use groupchat_domain::time::Clock;
use groupchat_infra::clock::SystemClock;

use crate::config::Config;
use crate::error::ProgramError;
use crate::{console, storage};

/// Moves the counters of ids on.
pub(crate) fn run(config: &Config) -> Result<(), ProgramError> {
    storage::advance_ids(config, SystemClock.now())?;
    console::print_line(format_args!("advanced the id counters; clients will reload"));
    Ok(())
}
