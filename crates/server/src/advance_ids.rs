//! `groupchat advance-ids`: no id is given out twice after a restore that groupchat did not make.

use crate::config::Config;
use crate::error::ProgramError;
use crate::{console, storage};

/// Moves the counters of ids on.
pub fn run(config: &Config) -> Result<(), ProgramError> {
    storage::advance_ids(config)?;
    console::say(format_args!("new ids begin further on, and clients start over with the event log"));
    Ok(())
}
