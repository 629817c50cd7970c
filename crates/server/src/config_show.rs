//! `groupchat config show`: prints the values in effect and their sources.

use crate::cli::ShowOptions;
use crate::config::{self, Config, Sources};
use crate::console;
use crate::error::ProgramError;

/// Prints the configuration; rejects a wrong one as the server would.
pub(crate) fn show(sources: &Sources, options: &ShowOptions) -> Result<(), ProgramError> {
    if options.markdown {
        console::print_line(config::as_markdown().trim_end());
        return Ok(());
    }
    let layers = config::gather(sources);
    Config::read(&layers)?;
    let shown = if options.json { config::as_json(&layers) } else { config::as_text(&layers) };
    console::print_line(shown.trim_end());
    Ok(())
}
