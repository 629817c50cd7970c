//! `groupchat health`: checks the health of the server that runs with this configuration. For supervisors on a machine
//! without curl, such as a container's.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use crate::config::Config;
use crate::console;
use crate::error::ProgramError;
use crate::pinned;
use crate::tls::CertificateFiles;

/// How long the server may take for each step. It gives its own look two seconds.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How much of an answer is read: its first line says it all.
const ENOUGH: u64 = 1024;

/// Says `ok`, or fails with what the server says.
pub(crate) fn run(config: &Config) -> Result<(), ProgramError> {
    let address = reachable(config.listen);
    let unwell = |reason: String| ProgramError::Unwell { address, reason };
    let pinned = CertificateFiles::of(config)?.map(|files| files.certificate()).transpose()?;
    let status = ask(address, pinned.as_deref()).map_err(|error| unwell(error.to_string()))?;
    // RFC 9112, section 4: the version, the status, and a reason that says nothing.
    match status.split(' ').nth(1) {
        Some("200") => {
            console::print_line("ok");
            Ok(())
        }
        _ => Err(unwell(format!("it responded with {status:?}"))),
    }
}

/// The first line of the answer of a server: of one that speaks TLS, with this certificate.
fn ask(address: SocketAddr, certificate: Option<&[u8]>) -> io::Result<String> {
    let connection = TcpStream::connect_timeout(&address, TIMEOUT)?;
    connection.set_read_timeout(Some(TIMEOUT))?;
    connection.set_write_timeout(Some(TIMEOUT))?;
    match certificate {
        None => ask_over(connection, address),
        Some(certificate) => ask_over(pinned::connect(connection, address.ip(), certificate)?, address),
    }
}

fn ask_over(mut connection: impl Read + Write, address: SocketAddr) -> io::Result<String> {
    let request = format!("GET /api/health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    connection.take(ENOUGH).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned())
}

/// Where a server that listens on all addresses is reached from the same machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
