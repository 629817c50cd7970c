//! The limit of open files, and how many of them can be connections.

use crate::config::Config;

/// Files beside the database and the connections: the log, the listener, what each thread needs to be woken.
const OTHERS: usize = 32;
/// Files that each thread for connections needs.
const EACH_WORKER: usize = 4;
/// Threads that read the embedded database, with the default settings.
const READERS: usize = 8;
/// Files that a connection to the embedded database needs: it, its log, and one to spare.
const EACH_READER: usize = 3;
/// Connections to a PostgreSQL server beside those of the settings.
const SPARE: usize = 4;
/// Fewer connections make no server, whatever the limit.
const LEAST: usize = 16;
/// Fewer than these are worth a warning.
const FEW: usize = 1_000;

/// How many connections clients may have: as many as are set, or as the limit of open files leaves.
pub(crate) fn connections(config: &Config) -> usize {
    let Some(files) = raise_limit() else { return config.http_connections };
    let connections = fitting(config.http_connections, files, reserved(config));
    if connections < config.http_connections.min(FEW) {
        tracing::warn!(
            files,
            connections,
            "the limit of open files is low, so the server accepts few connections"
        );
    }
    connections
}

fn fitting(wanted: usize, files: usize, reserved: usize) -> usize {
    wanted.min(files.saturating_sub(reserved)).max(LEAST)
}

/// What is kept for everything but the clients that are served.
fn reserved(config: &Config) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let workers = if config.workers == 0 { cores() } else { config.workers };
    let database = match config.database_url {
        None => EACH_READER * (config.storage_readers.max(READERS) + 1),
        Some(_) => config.storage_writers + config.storage_readers.max(2 * READERS) + SPARE,
    };
    OTHERS + EACH_WORKER * workers + database + groupchat_api::REJECTION_SLOTS
}

/// Raises the limit of open files as far as it may be (setrlimit(2)), and tells it. `None` if there is none.
#[cfg(target_os = "linux")]
fn raise_limit() -> Option<usize> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    let current = if setrlimit(Resource::Nofile, raised).is_ok() { raised.current } else { limit.current };
    current.map(|files| usize::try_from(files).unwrap_or(usize::MAX))
}

#[cfg(not(target_os = "linux"))]
fn raise_limit() -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_the_rest() {
        assert_eq!(fitting(20_000, 65_536, 100), 20_000);
        assert_eq!(fitting(20_000, 256, 100), 156);
        assert_eq!(fitting(100, 256, 100), 100);
        assert_eq!(fitting(20_000, 64, 100), LEAST);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_limit_is_raised_to_what_it_may_be() {
        use rustix::process::{Resource, getrlimit};
        let files = raise_limit();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
        assert_eq!(files.map(|files| files as u64), limit.current);
    }
}
