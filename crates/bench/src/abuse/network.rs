//! Clients from different places, all of them on the loopback network: Linux takes all of 127.0.0.0/8 for local.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use reqwest::Client;
use tokio::net::{TcpSocket, TcpStream};

use crate::error::BenchError;

/// A client's receive and send buffers, in bytes. Small, so that what isn't read waits in the server and not here.
const SMALL_BUFFER: u32 = 8 << 10;

/// An address from which a client comes. Each is of a network of its own, however wide the server takes a network to
/// be, up to /16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin(u8);

impl Origin {
    /// Where the server's operator is, who sees to the database and the health.
    pub(super) const OPERATOR: Self = Self(0);

    /// One of those who do no harm.
    pub(super) const fn bystander(number: u8) -> Self {
        Self(10 + number % 10)
    }

    /// One of the hostile networks, of which there are up to 200.
    pub(super) fn hostile(number: usize) -> Self {
        Self(u8::try_from(20 + number % 200).expect("219 at most"))
    }

    /// The address.
    pub(super) const fn address(self) -> Ipv4Addr {
        Ipv4Addr::new(127, self.0, 0, 1)
    }
}

/// Opens a connection that takes in as little as the system allows before it is read.
///
/// # Errors
/// The server, or the system, rejects it.
pub(super) async fn connect(from: Origin, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(SMALL_BUFFER)?;
    socket.set_send_buffer_size(SMALL_BUFFER)?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::new(from.address().into(), 0))?;
    let stream = socket.connect(to).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// A client that reads its answers. Kept-alive connections are its own.
///
/// # Errors
/// The client can't be made.
pub(super) fn reader(from: Origin) -> Result<Client, BenchError> {
    let client =
        Client::builder().no_proxy().tcp_nodelay(true).local_address(IpAddr::from(from.address())).build()?;
    Ok(client)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn nobody_shares_a_network() {
        let bystanders = (0..10).map(Origin::bystander);
        let all = bystanders.chain((0..200).map(Origin::hostile)).chain([Origin::OPERATOR]);
        let networks: HashSet<_> = all.map(|origin| origin.address().octets()[1]).collect();
        assert_eq!(networks.len(), 211);
    }
}
