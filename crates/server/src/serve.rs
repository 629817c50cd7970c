//! `groupchat serve`: from the command line to a running server, and back to a clean shutdown.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use arc_swap::ArcSwap;
use groupchat_api::{AppState, ConnectionOptions, ConnectionTimeouts, Ports, State};
use groupchat_domain::accounts::{MailQueue, NoMail, create_first_admin};
use groupchat_domain::events::LiveEvents;
use groupchat_domain::mail::Mailer;
use groupchat_domain::storage::{Condition, DiskSpace, Storage};
use groupchat_infra::DatabaseStorage;
use groupchat_infra::accounts::attempts::{BucketSize, InMemoryLoginRateLimiter};
use groupchat_infra::accounts::journal::LogJournal;
use groupchat_infra::accounts::keys::RandomKeys;
use groupchat_infra::clock::SystemClock;
use groupchat_infra::disk_space::DiskWatch;
use groupchat_infra::factors::codes::RandomFactorCodes;
use groupchat_infra::factors::webauthn::SealedCeremonies;
use groupchat_infra::secrets::RingSealer;
use groupchat_infra::sqlite::{DataDirLock, LastUse};
use groupchat_infra::write_limiter::{UserWriteLimiter, WriteRate};
use groupchat_infra::{HubOptions, LimitedStorage, LocalHub};
use tokio::net::TcpSocket;

use crate::acme::Acme;
use crate::config::{Config, Sources};
use crate::configured::options;
use crate::console::FirstAdmin;
use crate::error::ProgramError;
use crate::hasher::start_hasher;
use crate::known_settings::PresentSettings;
use crate::logging::Log;
use crate::mail::{MailWorker, Pace, WaitingOrders};
use crate::maintenance::{Ages, Maintenance, TrustedClock};
use crate::reload::Replaceable;
use crate::retention::RetentionRunner;
use crate::runner::Signal;
use crate::signals::{ReloadSignals, StopSignals};
use crate::sinks::Sinks;
use crate::tls::{self, Tls};
use crate::{
    clock, console, default_groups, disk, due, files, hub_runner, jobs, mail, maintenance, passkeys, reload,
    secrets, storage,
};

/// Connections that may wait to be accepted: a burst of new clients fits in.
const BACKLOG: u32 = 1024;

/// Write timeout in milliseconds, for a client that acknowledges nothing or keeps its window closed. Longer than the
/// send timeout of subscribers, so that a socket can still get its close frame; a stream just ends.
#[cfg(target_os = "linux")]
const TCP_USER_TIMEOUT: u32 = 30_000;

/// How many bytes the system takes of a connection beyond what is on its way to the client. Without a limit it takes
/// some megabytes from the server for each client that doesn't read, where nobody counts them as the client's.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 128 << 10;

/// Serves until a signal says to stop.
pub(crate) fn run(
    config: &Config,
    settings: PresentSettings,
    sources: &Sources,
    log: &Log,
) -> Result<(), ProgramError> {
    actix_web::rt::System::new().block_on(serve(config, settings, sources, log))
}

async fn serve(
    config: &Config,
    settings: PresentSettings,
    sources: &Sources,
    log: &Log,
) -> Result<(), ProgramError> {
    // From the first moment on: without this, the signal ends the program.
    let reloads =
        ReloadSignals::catch().map_err(|source| ProgramError::Start { what: "the signals", source })?;
    let tls = Tls::of(config)?;
    let mailer = mail::mailer(config)?;
    let lock = storage::lock_data_dir(config)?;
    // Bound before anything is stored: a taken port must not cost the first admin's password. Listening only
    // begins once the database is open: until then, clients are rejected rather than kept waiting.
    let unusable = |source| ProgramError::Listen { address: config.listen, source };
    let socket = bind(config.listen).map_err(unusable)?;
    let signal = Arc::new(Signal::default());
    let hub = LocalHub::new(HubOptions::default(), Arc::new(SystemClock));
    let (due_signal, polls_signal) = (Arc::new(Signal::default()), Arc::new(Signal::default()));
    let (due, polls) = (due_signal.clone(), polls_signal.clone());
    let replaceable = Replaceable::new(config);
    let sinks = Sinks {
        jobs: signal.clone(),
        due,
        polls,
        retention: replaceable.retention_signal.clone(),
        retention_terms: replaceable.retention.clone(),
        hub: hub.clone(),
    };
    let storage = storage::open_to_serve(config, lock.as_ref(), Arc::new(sinks))?;
    hub.begin(&*storage).await?;
    default_groups::warn_of_unusable(&*storage, config).await?;
    passkeys::warn_of_other_host(&*storage, config).await?;
    let disk = disk::watch(config);
    let sealer = secrets::sealer(&*storage, config).await?;
    storage.seal_with(sealer.clone());
    let orders = mailer.is_some().then(Arc::<WaitingOrders>::default);
    let reached = guarded(storage.clone(), disk.clone(), config, &replaceable);
    let state = wire(reached.clone(), sealer, hub.clone(), config, &replaceable, orders.clone())?;
    let is_ahead = clock::look(&*storage).await?;
    let is_ahead_for_messages = clock::is_ahead_for_messages(&*storage).await?;
    let listener = socket.listen(BACKLOG).and_then(|listener| listener.into_std()).map_err(unusable)?;
    let connections = ConnectionOptions { tls: tls.as_ref().map(Tls::server), ..connections(config) };
    let mut background = vec![
        actix_web::rt::spawn(jobs::run(storage.clone(), signal)),
        actix_web::rt::spawn(due::run(reached.clone(), Arc::new(hub.clone()), due_signal)),
        actix_web::rt::spawn(due::run_polls(storage.clone(), polls_signal)),
        actix_web::rt::spawn(maintenance(storage.clone(), replaceable.ages.clone(), is_ahead).run()),
        actix_web::rt::spawn(retention(storage.clone(), &replaceable, is_ahead_for_messages).run()),
        actix_web::rt::spawn(disk::run(disk)),
        actix_web::rt::spawn(settings.note(storage.clone())),
        // On the main thread, which does little else.
        actix_web::rt::spawn(hub_runner::run(hub, storage.clone())),
    ];
    if let Some((mailer, orders)) = mailer.zip(orders.clone()) {
        let worker = mail_worker(orders, storage.clone(), Arc::new(mailer), config);
        background.push(actix_web::rt::spawn(worker.run()));
    }
    if let Some(tls) = tls {
        background.extend(Acme::of(config, tls.server()).map(|acme| actix_web::rt::spawn(acme.run())));
        background.push(actix_web::rt::spawn(tls.watch()));
    }
    let reloading = reload::run(reloads, sources, config.clone(), log, state.clone(), replaceable);
    let served = tokio::select! {
        served = run_http(listener, state, config, connections) => served,
        () = reloading => unreachable!("it goes on until it is dropped"),
    };
    if let Some(orders) = orders {
        let left = orders.finish(config.shutdown_timeout).await;
        if left > 0 {
            tracing::warn!(left, "mails are lost: they could not be sent in time");
        }
    }
    background.iter().for_each(actix_web::rt::task::JoinHandle::abort);
    close(storage, config.shutdown_timeout, lock).await;
    served
}

fn bind(address: SocketAddr) -> std::io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    // The connections that it accepts inherit this (tcp(7)). Elsewhere the system gives them up when it pleases.
    #[cfg(target_os = "linux")]
    {
        rustix::net::sockopt::set_tcp_user_timeout(&socket, TCP_USER_TIMEOUT)?;
        socket2::SockRef::from(&socket).set_tcp_notsent_lowat(UNSENT)?;
    }
    socket.bind(address)?;
    Ok(socket)
}

fn maintenance(storage: Arc<dyn Storage>, ages: Arc<ArcSwap<Ages>>, clock_is_ahead: bool) -> Maintenance {
    let trust = TrustedClock::new(Arc::new(SystemClock), clock_is_ahead);
    Maintenance { storage, trust, ages, every: maintenance::INTERVAL }
}

fn retention(storage: Arc<dyn Storage>, replaceable: &Replaceable, clock_is_ahead: bool) -> RetentionRunner {
    let trust = TrustedClock::new(Arc::new(SystemClock), clock_is_ahead);
    let (terms, signal) = (replaceable.retention.clone(), replaceable.retention_signal.clone());
    RetentionRunner { storage, trust, terms, signal }
}

fn mail_worker(
    orders: Arc<WaitingOrders>,
    storage: Arc<dyn Storage>,
    mailer: Arc<dyn Mailer>,
    config: &Config,
) -> MailWorker {
    let (keys, codes, site) = (Arc::new(RandomKeys), Arc::new(RandomKeys), config.public_url.clone());
    MailWorker { orders, storage, keys, codes, mailer, site, pace: Pace::default() }
}

/// The storage as users reach it.
fn guarded(
    storage: Arc<dyn DatabaseStorage>,
    disk: Option<Arc<DiskWatch>>,
    config: &Config,
    replaceable: &Replaceable,
) -> Arc<dyn Storage> {
    let rate = WriteRate { rate: config.writes_rate << 10, burst: config.writes_burst << 10 };
    let disk = disk.map(|disk| -> Arc<dyn DiskSpace> { disk });
    let limiter = Arc::new(UserWriteLimiter::new(rate));
    Arc::new(LimitedStorage::new(storage, limiter, disk, replaceable.factor_policy.clone()))
}

fn wire(
    storage: Arc<dyn Storage>,
    sealer: Arc<RingSealer>,
    hub: LocalHub,
    config: &Config,
    replaceable: &Replaceable,
    orders: Option<Arc<WaitingOrders>>,
) -> Result<State, ProgramError> {
    let hasher = start_hasher(config)?;
    let attempts = InMemoryLoginRateLimiter::new(
        BucketSize { capacity: config.login_attempts_per_address, ..BucketSize::PER_ADDRESS },
        BucketSize { capacity: config.login_attempts_per_account, ..BucketSize::PER_ACCOUNT },
    );
    let mails: Arc<dyn MailQueue> = match orders {
        Some(orders) => orders,
        None => Arc::new(NoMail),
    };
    let ports = Ports {
        storage,
        keys: Arc::new(RandomKeys),
        codes: Arc::new(RandomKeys),
        factors: Arc::new(RandomFactorCodes),
        ceremonies: Arc::new(SealedCeremonies::new(sealer.clone())),
        sealer,
        hasher: Arc::new(hasher),
        attempts: Arc::new(attempts),
        rates: replaceable.rates.clone(),
        journal: Arc::new(LogJournal),
        mails,
        welcome: replaceable.welcome.clone(),
        live: Arc::new(hub),
    };
    let state = AppState::new(ports, env!("CARGO_PKG_VERSION"));
    Ok(State::new(state.with_options(options(config))))
}

async fn make_first_admin(state: &State, config: &Config) -> Result<Option<FirstAdmin>, ProgramError> {
    let made = create_first_admin(&*state.storage, &*state.hasher, &*state.keys).await?;
    let data_dir = config.database_url.is_none().then(|| config.data_dir.clone());
    Ok(made.map(|(user, password)| FirstAdmin { user, password, data_dir }))
}

async fn run_http(
    listener: TcpListener,
    state: State,
    config: &Config,
    connections: ConnectionOptions,
) -> Result<(), ProgramError> {
    let start = |source| ProgramError::Start { what: "the HTTP server", source };
    let address = listener.local_addr().map_err(start)?;
    let live = state.live.clone();
    let server = groupchat_api::serve(listener, state.clone(), &connections).map_err(start)?;
    // Caught from here on, before anybody is told that the server is there.
    let signals = StopSignals::catch().map_err(start)?;
    // Last of all that can fail: its password is shown once. The server serves once it is awaited.
    let first = make_first_admin(&state, config).await?;
    let stopper = actix_web::rt::spawn(stop_on_signal(server.handle(), live, signals));
    let database = storage::describe(config);
    let site = site(config, address);
    console::announce(&site, config.public_url.as_deref().unwrap_or(&site), &database, first.as_ref());
    tracing::debug!(%address, database, "listening");
    let served = server.await.map_err(start);
    stopper.abort();
    served
}

/// The address that the server listens on, as that of a web site.
fn site(config: &Config, address: SocketAddr) -> String {
    let scheme = if tls::is_spoken(config) { "https" } else { "http" };
    format!("{scheme}://{address}")
}

fn connections(config: &Config) -> ConnectionOptions {
    ConnectionOptions {
        workers: config.workers,
        max_connections: files::connections(config),
        max_per_network: config.http_connections_per_address,
        timeouts: ConnectionTimeouts {
            head: config.http_head_timeout,
            keep_alive: config.http_keep_alive,
            write: config.http_write_timeout,
            ..ConnectionTimeouts::default()
        },
        shutdown: config.shutdown_timeout,
        tls: None,
    }
}

/// The first signal lets requests in flight finish; a second one doesn't.
async fn stop_on_signal(server: ServerHandle, live: Arc<dyn LiveEvents>, mut signals: StopSignals) {
    signals.next().await;
    tracing::info!("stopping: accepting no new connections, finishing requests in flight");
    // Connections for events would go on for ever.
    live.stop();
    let graceful = actix_web::rt::spawn(server.stop(true));
    signals.next().await;
    tracing::warn!("stopping at once");
    graceful.abort();
    server.stop(false).await;
}

/// Finishes what is queued and lets go of the database.
async fn close(storage: Arc<dyn DatabaseStorage>, within: Duration, lock: Option<DataDirLock>) {
    let close = move || {
        storage.shutdown(within);
        if let Some(lock) = &lock
            && matches!(storage.condition(), Condition::Sound | Condition::NoRoom)
            && let Err(error) = lock.note(LastUse::Stopped)
        {
            tracing::warn!(%error, "could not record a clean shutdown; the next start will check the database");
        }
    };
    let closed = actix_web::rt::task::spawn_blocking(close).await;
    match closed {
        Ok(_) => tracing::info!("stopped"),
        Err(error) => tracing::error!(%error, "the storage did not stop cleanly"),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_system_gives_deaf_clients_up_and_takes_little_for_them() {
        let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap().listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let (_client, accepted) = tokio::join!(tokio::net::TcpStream::connect(address), listener.accept());
        let (connection, _) = accepted.unwrap();
        assert_eq!(rustix::net::sockopt::tcp_user_timeout(&connection), Ok(TCP_USER_TIMEOUT));
        assert_eq!(socket2::SockRef::from(&connection).tcp_notsent_lowat().unwrap(), UNSENT);
    }

    /// However large the system's buffers may become.
    #[tokio::test]
    async fn the_system_takes_little_for_a_client_that_does_not_read() {
        let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap().listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let client = TcpSocket::new_v4().unwrap();
        client.set_recv_buffer_size(4_096).unwrap();
        let (_client, accepted) = tokio::join!(client.connect(address), listener.accept());
        let (connection, _) = accepted.unwrap();
        connection.writable().await.unwrap();
        let (mut taken, piece) = (0, vec![0; 16 << 10]);
        while let Ok(bytes) = connection.try_write(&piece) {
            taken += bytes;
            assert!(taken < 1 << 20, "{taken}");
        }
    }

    #[test]
    fn connections_are_limited_as_the_settings_say() {
        let seconds = Duration::from_secs;
        let mut config = Config::defaults();
        (config.http_connections, config.http_connections_per_address, config.workers) = (31, 7, 3);
        (config.http_head_timeout, config.http_keep_alive) = (seconds(11), seconds(12));
        (config.http_write_timeout, config.shutdown_timeout) = (seconds(13), seconds(14));
        let options = connections(&config);
        assert_eq!((options.max_connections, options.max_per_network, options.workers), (31, 7, 3));
        assert_eq!((options.timeouts.head, options.timeouts.keep_alive), (seconds(11), seconds(12)));
        assert_eq!((options.timeouts.write, options.shutdown), (seconds(13), seconds(14)));
    }
}
