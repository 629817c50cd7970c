//! `groupchat serve`: from the command line to a running server, and back to a clean stop.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::dev::ServerHandle;
use groupchat_api::{AppState, State};
use groupchat_domain::accounts::create_first_admin;
use groupchat_domain::storage::Storage;
use groupchat_infra::attempts::{Allowance, AttemptLimits};
use groupchat_infra::hasher::{BcryptHasher, DEFAULT_COST};
use groupchat_infra::keys::RandomKeys;
use groupchat_infra::sqlite::{DataDirLock, SqliteStorage};
use tokio::net::TcpSocket;

use crate::cli::ServeOptions;
use crate::error::ProgramError;
use crate::jobs::JobSignal;
use crate::signals::StopSignals;
use crate::{console, jobs, storage};

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;
/// How long requests in flight may take to finish after the signal to stop.
const FINISH_WITHIN: Duration = Duration::from_secs(10);
/// How long the storage may take to finish what is queued after the last request.
const STORE_WITHIN: Duration = Duration::from_secs(10);

/// Serves until a signal says to stop.
pub fn run(options: &ServeOptions) -> Result<(), ProgramError> {
    actix_web::rt::System::new().block_on(serve(options))
}

async fn serve(options: &ServeOptions) -> Result<(), ProgramError> {
    let data_dir = &options.data.data_dir;
    storage::make_data_dir(data_dir)?;
    let _lock = DataDirLock::acquire(data_dir)?;
    // Bound before anything is stored: a taken port must not cost the first admin's password.
    let (listener, address) =
        listen(options.listen).map_err(|source| ProgramError::Listen { address: options.listen, source })?;
    let signal = Arc::new(JobSignal::default());
    let storage = Arc::new(storage::open(data_dir, signal.clone())?);
    let state = wire(storage.clone())?;
    introduce(&state).await?;
    let jobs = actix_web::rt::spawn(jobs::run(storage.clone(), signal));
    let served = run_http(listener, address, state).await;
    jobs.abort();
    close(storage).await;
    served
}

/// Binds with a backlog that a burst of new clients fits in.
fn listen(address: SocketAddr) -> std::io::Result<(TcpListener, SocketAddr)> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(BACKLOG)?.into_std()?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

fn wire(storage: Arc<SqliteStorage>) -> Result<State, ProgramError> {
    let hasher = BcryptHasher::start(DEFAULT_COST)
        .map_err(|source| ProgramError::Start { what: "the password hasher", source })?;
    let attempts = AttemptLimits::new(Allowance::PER_ADDRESS, Allowance::PER_ACCOUNT);
    let state = AppState::new(
        storage,
        Arc::new(RandomKeys),
        Arc::new(hasher),
        Arc::new(attempts),
        env!("CARGO_PKG_VERSION"),
    );
    Ok(State::new(state))
}

async fn introduce(state: &State) -> Result<(), ProgramError> {
    let storage: &dyn Storage = state.storage.as_ref();
    let first = create_first_admin(storage, state.hasher.as_ref(), state.keys.as_ref()).await?;
    if let Some((user, password)) = first {
        console::introduce_first_admin(&user, &password);
    }
    Ok(())
}

async fn run_http(listener: TcpListener, address: SocketAddr, state: State) -> Result<(), ProgramError> {
    let start = |source| ProgramError::Start { what: "the HTTP server", source };
    let server = HttpServer::new(move || groupchat_api::app(state.clone()))
        .disable_signals()
        .shutdown_timeout(FINISH_WITHIN.as_secs())
        .listen(listener)
        .map_err(start)?
        .run();
    // Caught from here on, before anybody is told that the server is there.
    let signals = StopSignals::catch().map_err(start)?;
    let stopper = actix_web::rt::spawn(stop_on_signal(server.handle(), signals));
    console::announce(address);
    tracing::info!(%address, "listening");
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

/// Finishes what is queued and folds the log of the database into its file.
async fn close(storage: Arc<SqliteStorage>) {
    let closed = actix_web::rt::task::spawn_blocking(move || storage.shutdown(STORE_WITHIN)).await;
    match closed {
        Ok(_) => tracing::info!("stopped"),
        Err(error) => tracing::error!(%error, "the storage did not stop cleanly"),
    }
}
