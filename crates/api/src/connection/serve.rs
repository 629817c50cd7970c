//! The HTTP server.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actix_http::{HttpService, KeepAlive};
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service};
use actix_web::dev::Server;
use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::exchange::{Exchange, Tracked};
use super::limiter::{ConnectionLimiter, ConnectionPermit, RejectionReport};
use super::rejection::ConnectionRejected;
use super::stream::GuardedStream;
use super::{ConnectionOptions, ConnectionTimeouts};
use crate::app;
use crate::assets::WRITE_BUFFER;
use crate::state::State;

/// Connections beside those that are served, to tell their clients that they are not. As many are accepted and no more,
/// so that the files never run out.
pub const REFUSING: usize = 32;

/// How long one who is rejected has to read that, if not too many are.
const FAREWELL_TIMEOUT: Duration = Duration::from_millis(200);

/// Serves the application on connections that this listener accepts. It begins when the server is first polled, and
/// goes on until its handle says to stop.
///
/// # Errors
/// The listener can't be used.
pub fn serve(listener: TcpListener, state: State, options: &ConnectionOptions) -> io::Result<Server> {
    let address = listener.local_addr()?;
    let workers = match options.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        workers => workers,
    };
    let proxies = state.options.trusted_proxies.clone();
    let acceptor = Acceptor {
        limiter: ConnectionLimiter::new(options.max_connections, options.max_per_network, proxies),
        refusing: Arc::default(),
        timeouts: options.timeouts,
    };
    let builder = Server::build()
        .workers(workers)
        .max_concurrent_connections((options.max_connections + REFUSING).div_ceil(workers))
        .disable_signals()
        .shutdown_timeout(options.shutdown.as_secs());
    let stopping = builder.graceful_shutdown_signal();
    let builder = builder.listen("http", listener, move || {
        let (acceptor, stopping) = (acceptor.clone(), stopping.clone());
        let http = HttpService::build()
            // Ours are the deadlines, and how a connection is closed.
            .keep_alive(KeepAlive::Os)
            .client_request_timeout(Duration::ZERO)
            .client_disconnect_timeout(Duration::ZERO)
            // Who has hung up does not wait for an answer, and one that waits for events could be long in coming.
            .h1_allow_half_closed(false)
            .h1_write_buffer_size(WRITE_BUFFER)
            .local_addr(address)
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .on_connect_ext(|stream: &GuardedStream<TcpStream>, data| {
                data.insert::<Rc<Exchange>>(stream.exchange());
            })
            .h1(Tracked(app(state.clone()).into_factory()));
        fn_service(move |stream| acceptor.clone().accept(stream)).and_then(http.map_err(drop))
    })?;
    Ok(builder.run())
}

/// Accepts connections, as far as the limiter permits.
#[derive(Debug, Clone)]
struct Acceptor {
    limiter: Arc<ConnectionLimiter>,
    /// How many are just being rejected.
    refusing: Arc<AtomicUsize>,
    timeouts: ConnectionTimeouts,
}

impl Acceptor {
    async fn accept(self, stream: TcpStream) -> Result<(GuardedStream<TcpStream>, Option<SocketAddr>), ()> {
        // It fails when the client is gone already.
        let peer = stream.peer_addr().map_err(drop)?;
        match self.admit(peer.ip()) {
            Ok(permit) => Ok((GuardedStream::new(stream, self.timeouts, Some(permit)), Some(peer))),
            Err(rejected) => {
                // Apart, so that what it needs is no part of every connection.
                Box::pin(self.refuse(stream, rejected)).await;
                Err(())
            }
        }
    }

    fn admit(&self, address: IpAddr) -> Result<ConnectionPermit, ConnectionRejected> {
        self.limiter.admit(address)
    }

    async fn refuse(&self, mut stream: TcpStream, rejected: ConnectionRejected) {
        tracing::debug!(%rejected, "rejected a connection");
        if let Some(RejectionReport { count, most }) = self.limiter.note_rejection(Instant::now()) {
            let (network, connections) = most.unzip();
            let network = network.map(tracing::field::display);
            tracing::warn!(count, network, connections, "rejected connections; this network has the most");
        }
        let refusing = self.refusing.fetch_add(1, Ordering::Relaxed);
        let parting = async {
            stream.write_all(&rejected.answer()).await?;
            stream.shutdown().await?;
            // Most have sent their request by now. Unread, it would reset the connection before they have read.
            stream.read(&mut [0; 4096]).await
        };
        if refusing < REFUSING / 2 {
            let _ = timeout(FAREWELL_TIMEOUT, parting).await;
        } else {
            let _ = timeout(Duration::ZERO, parting).await;
        }
        self.refusing.fetch_sub(1, Ordering::Relaxed);
    }
}
