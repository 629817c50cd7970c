//! A server on a real socket, and requests written byte by byte.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::rt::{spawn, task::spawn_blocking};
use groupchat_api::{ConnectionOptions, serve};
use serde_json::Value;

use super::server::Server;

/// How long an answer may take before a test gives it up.
const DEADLINE: Duration = Duration::from_secs(20);

/// A server that listens on a port of its own.
pub(crate) struct Listening {
    address: SocketAddr,
    handle: ServerHandle,
    // What it serves lives as long as it listens.
    _server: Server,
}

impl Listening {
    /// Lets a server listen.
    pub(crate) fn start(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it has one");
        let options = ConnectionOptions { workers: 1, ..ConnectionOptions::default() };
        let running = serve(listener, server.state(), &options).expect("it listens");
        let handle = running.handle();
        spawn(running);
        Self { address, handle, _server: server.clone() }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops listening.
    pub(crate) async fn stop(self) {
        self.handle.stop(false).await;
    }

    /// Writes bytes on a connection of their own and reads until the server closes it. Ask for
    /// `Connection: close`, or break the connection off.
    pub(crate) async fn exchange(&self, bytes: impl Into<Vec<u8>>) -> Vec<Raw> {
        let (address, bytes) = (self.address, bytes.into());
        spawn_blocking(move || exchange(address, &bytes)).await.expect("the exchange ends")
    }
}

fn exchange(address: SocketAddr, bytes: &[u8]) -> Vec<Raw> {
    let mut stream = TcpStream::connect(address).expect("connects");
    stream.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    stream.set_write_timeout(Some(DEADLINE)).expect("a timeout");
    // The server may close the connection before it has read all.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let mut buffer = [0; 16 * 1024];
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        answer.extend_from_slice(&buffer[..length]);
    }
    Raw::read_all(&answer)
}

/// An answer as it came over the wire.
#[derive(Debug)]
pub(crate) struct Raw {
    /// The status.
    pub status: u16,
    /// The headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Raw {
    /// A header, where the answer has it.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The code of a problem, which the answer must be.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        assert!(self.header("x-request-id").is_some(), "{self:?}");
        let body: Value = serde_json::from_slice(&self.body).expect("a problem is JSON");
        assert_eq!(body["status"], self.status);
        body["code"].as_str().expect("a problem has a code").to_owned()
    }

    fn read_all(mut bytes: &[u8]) -> Vec<Self> {
        let mut answers = Vec::new();
        while let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            bytes = &bytes[end + 4..];
            let mut answer = Self::read_head(&head);
            let length =
                answer.header("content-length").map_or(0, |length| length.parse().expect("a length"));
            // An answer to HEAD tells the length of a body that it doesn't have.
            let there = usize::min(length, bytes.len());
            (answer.body, bytes) = (bytes[..there].to_vec(), &bytes[there..]);
            answers.push(answer);
        }
        assert!(bytes.is_empty(), "left over: {}", String::from_utf8_lossy(bytes));
        answers
    }

    fn read_head(head: &str) -> Self {
        let (line, headers) = head.split_once("\r\n").unwrap_or((head, ""));
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let headers = headers.split("\r\n").filter_map(|header| header.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        Self { status, headers, body: Vec::new() }
    }
}
