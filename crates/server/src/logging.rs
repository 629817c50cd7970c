//! Logs, on standard error. Standard output is for what a person or a script waits for.

mod buffer;

use std::io;

use tracing_subscriber::{EnvFilter, reload};

use buffer::LogBuffer;

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

impl LogFormat {
    /// What the setting calls each.
    pub(crate) const WORDS: [(&'static str, Self); 2] = [("text", Self::Text), ("json", Self::Json)];
}

/// What the web server tells of its own threads is for those who ask for it by name.
const QUIET: &str = "actix_server=warn";

/// The log. The last lines are written when it is dropped.
pub(crate) struct Log {
    _buffer: LogBuffer,
    replace_filter: Box<dyn Fn(EnvFilter)>,
}

impl Log {
    /// From now on, lines that pass this filter are written.
    pub(crate) fn set_filter(&self, filter: &str) {
        (self.replace_filter)(env_filter(filter));
    }
}

/// Starts logging; the lines are written until the log is dropped. A panic becomes a log line with its
/// place in the code; its message is left out, since it may quote what a user wrote.
///
/// # Errors
/// The thread that writes can't be started.
pub(crate) fn start(format: LogFormat, filter: &str) -> io::Result<Log> {
    let buffer = LogBuffer::start(io::stderr())?;
    let lines = tracing_subscriber::fmt()
        .with_ansi(format == LogFormat::Text && io::IsTerminal::is_terminal(&io::stderr()))
        .with_writer(buffer.writer())
        .with_env_filter(env_filter(filter));
    let replace_filter = match format {
        LogFormat::Text => {
            let lines = lines.with_filter_reloading();
            let filter = lines.reload_handle();
            lines.init();
            replacing(move |new| filter.reload(new))
        }
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_span_list(false).with_filter_reloading();
            let filter = lines.reload_handle();
            lines.init();
            replacing(move |new| filter.reload(new))
        }
    };
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(%place, "a thread panicked");
    }));
    Ok(Log { _buffer: buffer, replace_filter })
}

fn env_filter(filter: &str) -> EnvFilter {
    EnvFilter::new(format!("{QUIET},{filter}"))
}

fn replacing(reload: impl Fn(EnvFilter) -> Result<(), reload::Error> + 'static) -> Box<dyn Fn(EnvFilter)> {
    Box::new(move |new| {
        if let Err(error) = reload(new) {
            tracing::error!(%error, "can't replace the log filter");
        }
    })
}
