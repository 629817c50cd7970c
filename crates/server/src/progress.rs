//! Shows the progress of a backup or a restore: on standard error, and only on a terminal.

use std::time::Duration;

use groupchat_infra::sqlite::BackupStep;
use indicatif::{ProgressBar, ProgressStyle};

/// How the line looks while it copies.
const COPYING: &str = "copying  [{bar:40}] {binary_bytes}/{binary_total_bytes} {eta}";

/// How often the line moves while it is unknown how far the work is.
const TURN: Duration = Duration::from_millis(100);

/// The line.
pub(crate) struct ProgressLine(ProgressBar);

impl ProgressLine {
    /// A line that shows nothing yet.
    pub(crate) fn new() -> Self {
        let style = ProgressStyle::with_template(COPYING).unwrap_or_else(|_| ProgressStyle::default_bar());
        Self(ProgressBar::new(0).with_style(style))
    }

    /// Shows how far it is.
    pub(crate) fn show(&mut self, step: BackupStep) {
        match step {
            BackupStep::Copying { done, total } => {
                self.0.set_length(total);
                self.0.set_position(done);
            }
            BackupStep::Checking => {
                self.0.set_style(ProgressStyle::default_spinner());
                self.0.enable_steady_tick(TURN);
                self.0.set_message("checking");
            }
        }
    }
}

/// Takes the line away, also where the work failed.
impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
