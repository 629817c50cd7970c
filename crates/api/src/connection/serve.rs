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
use super::tls::{ServerTls, Transport};
use super::{ConnectionOptions, ConnectionTimeouts};
use crate::app;
use crate::assets::WRITE_BUFFER;
use crate::state::State;

/// Additional connections that are accepted only to be rejected with a response. Their number is limited so that the
/// server never runs out of file descriptors.
pub const REJECTION_SLOTS: usize = 32;

/// How long a rejected client has to read the response, unless too many are being rejected.
const FAREWELL_TIMEOUT: Duration = Duration::from_millis(200);

/// Serves the application on the listener's connections. It starts when the server is first polled, and ends when its
/// handle says so.
///
/// # Errors
/// The listener can't be used.
pub fn serve(listener: TcpListener, state: State, options: &ConnectionOptions) -> io::Result<Server> {
    let address = listener.local_addr()?;
    let workers = match options.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        workers => workers,
    };
    let proxies = state.options().trusted_proxies.clone();
    let acceptor = Acceptor {
        limiter: ConnectionLimiter::new(options.max_connections, options.max_per_network, proxies),
        rejecting: Arc::default(),
        timeouts: options.timeouts,
        tls: options.tls.clone(),
    };
    let builder = Server::build()
        .workers(workers)
        .max_concurrent_connections((options.max_connections + REJECTION_SLOTS).div_ceil(workers))
        .disable_signals()
        .shutdown_timeout(options.shutdown.as_secs());
    let stopping = builder.graceful_shutdown_signal();
    let builder = builder.listen("http", listener, move || {
        let (acceptor, stopping) = (acceptor.clone(), stopping.clone());
        let http = HttpService::build()
            // Timeouts and the closing of connections are handled by `GuardedStream`.
            .keep_alive(KeepAlive::Os)
            .client_request_timeout(Duration::ZERO)
            .client_disconnect_timeout(Duration::ZERO)
            // A client that has hung up doesn't wait for a response, and a response with events could take long.
            .h1_allow_half_closed(false)
            .h1_write_buffer_size(WRITE_BUFFER)
            .local_addr(address)
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .on_connect_ext(|stream: &GuardedStream<Transport>, data| {
                data.insert::<Rc<Exchange>>(stream.exchange());
            })
            .h1(Tracked(app(state.clone()).into_factory()));
        fn_service(move |stream| acceptor.clone().accept(stream)).and_then(http.map_err(drop))
    })?;
    Ok(builder.run())
}

/// Accepts connections within the limits.
#[derive(Debug, Clone)]
struct Acceptor {
    limiter: Arc<ConnectionLimiter>,
    /// How many connections are being rejected at present.
    rejecting: Arc<AtomicUsize>,
    timeouts: ConnectionTimeouts,
    tls: Option<ServerTls>,
}

impl Acceptor {
    async fn accept(self, stream: TcpStream) -> Result<(GuardedStream<Transport>, Option<SocketAddr>), ()> {
        // Fails if the client is gone already.
        let peer = stream.peer_addr().map_err(drop)?;
        // Otherwise the last part of a response waits until the client has acknowledged the part before it, which clients
        // put off for 40 milliseconds (RFC 896, RFC 1122 section 4.2.3.2).
        stream.set_nodelay(true).map_err(drop)?;
        match self.admit(peer.ip()) {
            Ok(permit) => {
                let transport = match self.tls {
                    None => Transport::Plain(stream),
                    // Boxed for the same reason. Its time counts before that of the first head.
                    Some(tls) => Box::pin(tls.accept(stream, self.timeouts.head))
                        .await
                        .map_err(log_failed_handshake)?,
                };
                Ok((GuardedStream::new(transport, self.timeouts, Some(permit)), Some(peer)))
            }
            Err(rejected) => {
                // Boxed, so that the memory for rejections isn't part of every connection.
                Box::pin(self.reject(stream, rejected)).await;
                Err(())
            }
        }
    }

    fn admit(&self, address: IpAddr) -> Result<ConnectionPermit, ConnectionRejected> {
        self.limiter.admit(address)
    }

    async fn reject(&self, mut stream: TcpStream, rejected: ConnectionRejected) {
        tracing::debug!(%rejected, "rejected a connection");
        if let Some(RejectionReport { count, most }) = self.limiter.note_rejection(Instant::now()) {
            let (network, connections) = most.unzip();
            let network = network.map(tracing::field::display);
            tracing::warn!(count, network, connections, "rejected connections; this network has the most");
        }
        let rejecting = self.rejecting.fetch_add(1, Ordering::Relaxed);
        let parting = async {
            if self.tls.is_none() {
                stream.write_all(&rejected.response()).await?;
            }
            stream.shutdown().await?;
            // Most clients have sent their request by now. Closing with it unread would reset the connection before
            // they have read the response.
            stream.read(&mut [0; 4096]).await
        };
        if rejecting < REJECTION_SLOTS / 2 {
            let _ = timeout(FAREWELL_TIMEOUT, parting).await;
        } else {
            let _ = timeout(Duration::ZERO, parting).await;
        }
        self.rejecting.fetch_sub(1, Ordering::Relaxed);
    }
}

fn log_failed_handshake(error: io::Error) {
    tracing::debug!(%error, "a TLS handshake failed");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_part_of_a_response_waits_until_the_client_has_acknowledged_another() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let second = Duration::from_secs(1);
        let timeouts = ConnectionTimeouts { head: second, keep_alive: second, drain: second, write: second };
        let limiter = ConnectionLimiter::new(1, 1, Vec::new());
        let acceptor = Acceptor { limiter, rejecting: Arc::default(), timeouts, tls: None };
        let (guarded, _) = acceptor.accept(stream).await.unwrap();
        assert!(guarded.get_ref().tcp().nodelay().unwrap());
    }
}
