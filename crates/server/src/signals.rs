//! The signals that stop the server, and the one that makes it read its configuration again.

use std::io;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM and Ctrl-C, caught from the moment this is made.
pub(crate) struct StopSignals {
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(unix)]
    interrupt: Signal,
}

#[cfg(unix)]
impl StopSignals {
    /// Starts catching.
    pub(crate) fn catch() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// SIGHUP, caught from the moment this is made.
pub(crate) struct ReloadSignals {
    #[cfg(unix)]
    hang_up: Signal,
}

#[cfg(unix)]
impl ReloadSignals {
    /// Starts catching.
    pub(crate) fn catch() -> io::Result<Self> {
        Ok(Self { hang_up: signal(SignalKind::hangup())? })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        self.hang_up.recv().await;
    }
}

/// There is no such signal.
#[cfg(not(unix))]
impl ReloadSignals {
    /// Does nothing.
    pub fn catch() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Waits for ever.
    pub async fn next(&mut self) {
        std::future::pending().await
    }
}

#[cfg(not(unix))]
impl StopSignals {
    /// Starts catching.
    pub fn catch() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
