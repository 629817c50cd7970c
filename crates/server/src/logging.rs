//! Logs, on standard error. Standard output is for what a person or a script waits for.

mod buffer;

use std::io;

use tracing_subscriber::EnvFilter;

pub(crate) use buffer::LogBuffer;

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

/// Starts logging; the lines are written until the buffer is dropped. A panic becomes a log line with its
/// place in the code; its message is left out, since it may quote what a user wrote.
///
/// # Errors
/// The thread that writes can't be started.
pub(crate) fn start(format: LogFormat, filter: &str) -> io::Result<LogBuffer> {
    let buffer = LogBuffer::start(io::stderr())?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(format!("{QUIET},{filter}")))
        .with_ansi(format == LogFormat::Text && io::IsTerminal::is_terminal(&io::stderr()))
        .with_writer(buffer.writer());
    match format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).init(),
    }
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(%place, "a thread panicked");
    }));
    Ok(buffer)
}
