//! Writing to the terminal: progress and complaints to standard error, results to standard output.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::error::BenchError;

/// Says why the program ends without a result.
pub(crate) fn print_error(error: &BenchError) {
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "groupchat-bench: {error}");
}

/// Prints a result.
///
/// # Errors
/// Standard output is closed.
pub(crate) fn print(text: &str) -> Result<(), BenchError> {
    io::stdout().write_all(text.as_bytes()).map_err(|source| BenchError::io("writing the result", source))
}

/// A progress bar of `steps`, with the rate and the time that is left. Invisible unless standard error is a
/// terminal.
pub(crate) fn progress(steps: u64, unit: &str) -> ProgressBar {
    let template =
        format!("{{elapsed_precise}} {{wide_bar}} {{human_pos}}/{{human_len}} {unit}, {{eta}} left  {{msg}}");
    let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(steps).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Writes a report for programs.
///
/// # Errors
/// The file can't be written.
pub(crate) fn write_json(path: &Path, report: &impl Serialize) -> Result<(), BenchError> {
    let text = serde_json::to_string_pretty(report).map_err(std::io::Error::from);
    text.and_then(|text| std::fs::write(path, text + "\n"))
        .map_err(|source| BenchError::io(format!("writing {}", path.display()), source))
}
