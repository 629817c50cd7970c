//! Logs, on the standard error. The standard output is for what a person or a script waits for.

use tracing_subscriber::EnvFilter;

/// The variable that chooses what is logged, in the syntax of `tracing_subscriber::EnvFilter`.
const FILTER_VARIABLE: &str = "GROUPCHAT_LOG";

/// Starts logging. A panic becomes a log line with its place in the code; its message is left out, since it
/// may quote what a user wrote.
pub fn start() {
    let filter = EnvFilter::try_from_env(FILTER_VARIABLE).unwrap_or_else(|_| EnvFilter::new("info"));
    let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(ansi).init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(%place, "a thread panicked");
    }));
}
