//! `groupchat serve`: from the command line to a running server, and back to a clean stop.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::dev::ServerHandle;
use groupchat_api::{AppState, ServerOptions, State};
use groupchat_domain::accounts::create_first_admin;
use groupchat_infra::DatabaseStorage;
use groupchat_infra::attempts::{Allowance, AttemptLimits};
use groupchat_infra::hasher::BcryptHasher;
use groupchat_infra::keys::RandomKeys;
use tokio::net::TcpSocket;

use crate::config::Config;
use crate::error::ProgramError;
use crate::jobs::JobSignal;
use crate::signals::StopSignals;
use crate::{console, jobs, storage};

/// Connections that may wait to be accepted: a burst of new clients fits in.
const BACKLOG: u32 = 1024;

/// Serves until a signal says to stop.
pub fn run(config: &Config) -> Result<(), ProgramError> {
    actix_web::rt::System::new().block_on(serve(config))
}

async fn serve(config: &Config) -> Result<(), ProgramError> {
    let _lock = storage::claim(config)?;
    // Bound before anything is stored: a taken port must not cost the first admin's password. Listening only
    // begins once the database is open: until then, clients are refused rather than kept waiting.
    let unusable = |source| ProgramError::Listen { address: config.listen, source };
    let socket = bind(config.listen).map_err(unusable)?;
    let signal = Arc::new(JobSignal::default());
    let storage = storage::open_to_serve(config, signal.clone())?;
    let state = wire(storage.clone(), config)?;
    introduce(&state).await?;
    let listener = socket.listen(BACKLOG).and_then(|listener| listener.into_std()).map_err(unusable)?;
    let jobs = actix_web::rt::spawn(jobs::run(storage.clone(), signal));
    let served = run_http(listener, state, config).await;
    jobs.abort();
    close(storage, config.shutdown_timeout).await;
    served
}

fn bind(address: SocketAddr) -> std::io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

fn wire(storage: Arc<dyn DatabaseStorage>, config: &Config) -> Result<State, ProgramError> {
    let hasher = BcryptHasher::start(config.password_cost)
        .map_err(|source| ProgramError::Start { what: "the password hasher", source })?;
    let attempts = AttemptLimits::new(
        Allowance { capacity: config.login_attempts_per_address, ..Allowance::PER_ADDRESS },
        Allowance { capacity: config.login_attempts_per_account, ..Allowance::PER_ACCOUNT },
    );
    let state = AppState::new(
        storage,
        Arc::new(RandomKeys),
        Arc::new(hasher),
        Arc::new(attempts),
        env!("CARGO_PKG_VERSION"),
    );
    let options = ServerOptions {
        public_url: config.public_url.clone(),
        trusted_proxies: config.trusted_proxies.clone(),
        login_lifetime: config.login_lifetime,
    };
    Ok(State::new(state.with_options(options)))
}

async fn introduce(state: &State) -> Result<(), ProgramError> {
    let first = create_first_admin(&*state.storage, &*state.hasher, &*state.keys).await?;
    if let Some((user, password)) = first {
        console::introduce_first_admin(&user, &password);
    }
    Ok(())
}

async fn run_http(listener: TcpListener, state: State, config: &Config) -> Result<(), ProgramError> {
    let start = |source| ProgramError::Start { what: "the HTTP server", source };
    let address = listener.local_addr().map_err(start)?;
    let mut server = HttpServer::new(move || groupchat_api::app(state.clone()))
        .disable_signals()
        .shutdown_timeout(config.shutdown_timeout.as_secs());
    if config.workers > 0 {
        server = server.workers(config.workers);
    }
    let server = server.listen(listener).map_err(start)?.run();
    // Caught from here on, before anybody is told that the server is there.
    let signals = StopSignals::catch().map_err(start)?;
    let stopper = actix_web::rt::spawn(stop_on_signal(server.handle(), signals));
    let database = storage::describe(config);
    console::announce(address, config.public_url.as_deref(), &database);
    tracing::info!(%address, database, "listening");
    let served = server.await.map_err(start);
    stopper.abort();
    served
}

/// The first signal lets requests in flight finish; a second one doesn't.
async fn stop_on_signal(server: ServerHandle, mut signals: StopSignals) {
    signals.next().await;
    tracing::info!("stopping: no new connections, finishing what is in flight");
    let graceful = actix_web::rt::spawn(server.stop(true));
    signals.next().await;
    tracing::warn!("stopping at once");
    graceful.abort();
    server.stop(false).await;
}

/// Finishes what is queued and lets go of the database.
async fn close(storage: Arc<dyn DatabaseStorage>, within: Duration) {
    let closed = actix_web::rt::task::spawn_blocking(move || storage.shutdown(within)).await;
    match closed {
        Ok(_) => tracing::info!("stopped"),
        Err(error) => tracing::error!(%error, "the storage did not stop cleanly"),
    }
}
