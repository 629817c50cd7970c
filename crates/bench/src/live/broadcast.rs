//! What fan-out is compared with: a minimal tokio program that writes the same bytes to all sockets, one message after
//! the other, and does nothing else.

use std::io;
use std::net::Ipv4Addr;
use std::num::NonZero;
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use super::args::BroadcastArgs;
use super::handshake::accept;
use crate::error::BenchError;
use crate::output;

/// As many as the server lets wait.
const BACKLOG: u32 = 1024;

/// Serves on a free port, which it prints, until it is asked to end.
///
/// # Errors
/// The file of the frame can't be read, or the port not be bound.
pub(crate) async fn serve(args: &BroadcastArgs) -> Result<(), BenchError> {
    let frame: Arc<[u8]> = std::fs::read(&args.frame)
        .map_err(|source| BenchError::io(format!("reading {}", args.frame.display()), source))?
        .into();
    let failed = |source| BenchError::io("serving the comparison", source);
    let mut end = signal(SignalKind::terminate()).map_err(failed)?;
    let listener = listen().map_err(failed)?;
    output::print(&format!("http://{}\n", listener.local_addr().map_err(failed)?))?;
    tokio::select! {
        _ = end.recv() => Ok(()),
        Err(source) = rounds(&listener, args.sockets, &frame) => Err(failed(source)),
    }
}

fn listen() -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    socket.listen(BACKLOG)
}

/// Writes to each crowd of so many sockets, once it is complete, until it goes.
///
/// # Errors
/// A handshake failed.
pub(super) async fn rounds(
    listener: &TcpListener,
    sockets: usize,
    frame: &Arc<[u8]>,
) -> io::Result<std::convert::Infallible> {
    let writers = std::thread::available_parallelism().map_or(1, NonZero::get);
    loop {
        let mut shares: Vec<Vec<TcpStream>> = Vec::new();
        shares.resize_with(writers, Vec::new);
        for number in 0..sockets {
            let (mut stream, _) = listener.accept().await?;
            accept(&mut stream).await?;
            shares[number % writers].push(stream);
        }
        let mut crowd: JoinSet<()> =
            shares.into_iter().map(|share| broadcast(share, Arc::clone(frame))).collect();
        // One gone, all gone.
        crowd.join_next().await;
    }
}

/// Writes to all sockets in turn until one of them is gone.
async fn broadcast(mut sockets: Vec<TcpStream>, frame: Arc<[u8]>) {
    loop {
        for socket in &mut sockets {
            if socket.write_all(&frame).await.is_err() {
                return;
            }
        }
    }
}
