//! Shows the progress of a copy: on standard error, and only on a terminal.

use groupchat_infra::transfer::TransferStep;
use indicatif::{ProgressBar, ProgressStyle};

/// How the line looks.
const LOOK: &str = "{msg:25} [{bar:40}] {human_pos}/{human_len} rows {eta}";

/// The line.
pub(super) struct CopyLine(ProgressBar);

impl CopyLine {
    /// A line that shows nothing yet.
    pub(super) fn new() -> Self {
        let style = ProgressStyle::with_template(LOOK).unwrap_or_else(|_| ProgressStyle::default_bar());
        Self(ProgressBar::new(0).with_style(style))
    }

    /// Shows how far it is.
    pub(super) fn show(&mut self, step: TransferStep) {
        let (verb, table, done, total) = match step {
            TransferStep::Copying { table, done, total } => ("copying", table, done, total),
            TransferStep::Verifying { table, done, total } => ("verifying", table, done, total),
        };
        if done < self.0.position() {
            self.0.reset();
        }
        self.0.set_message(format!("{verb} {table}"));
        self.0.set_length(total);
        self.0.set_position(done);
    }
}

/// Takes the line away, also where the copy failed.
impl Drop for CopyLine {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
