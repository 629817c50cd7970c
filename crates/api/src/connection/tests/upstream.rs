//! Behaviour of actix-http that this module works around. A test fails once it is fixed upstream; then the workaround
//! can be removed.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::dev::ServerHandle;
use actix_web::rt::task::spawn_blocking;
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse, HttpServer};
use futures_util::stream;

use super::*;

struct Bare {
    address: SocketAddr,
    handle: ServerHandle,
    requests: Arc<AtomicUsize>,
}

impl Bare {
    fn start() -> Self {
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        let count = move || {
            counter.fetch_add(1, Ordering::SeqCst);
            std::future::ready("counted")
        };
        let stream = || {
            let parts = stream::iter([Ok::<_, actix_web::Error>(Bytes::from_static(b"part"))]);
            std::future::ready(HttpResponse::Ok().streaming(parts))
        };
        let server = HttpServer::new(move || {
            App::new().route("/", web::get().to(count.clone())).route("/stream", web::get().to(stream))
        });
        let server = server.workers(1).disable_signals().client_request_timeout(SOON).keep_alive(NEVER);
        let server = server.bind("127.0.0.1:0").unwrap();
        let address = server.addrs()[0];
        let running = server.run();
        let handle = running.handle();
        actix_web::rt::spawn(running);
        Self { address, handle, requests }
    }

    /// The response bytes, up to the end of the connection or a long pause.
    async fn told(&self, bytes: &[u8]) -> String {
        self.told_in_parts([bytes]).await
    }

    /// The same, with short pauses in between the bytes.
    async fn told_in_parts<const N: usize>(&self, parts: [&[u8]; N]) -> String {
        let (address, parts) = (self.address, parts.map(<[u8]>::to_vec));
        let told = spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(10 * SOON)).unwrap();
            let mut told = Vec::new();
            for part in parts {
                stream.write_all(&part).unwrap();
                std::thread::sleep(SOON / 5);
            }
            let ended = stream.read_to_end(&mut told);
            let end = if ended.is_ok() { "closed" } else { "still open" };
            format!("{}\n{end}", String::from_utf8_lossy(&told))
        });
        told.await.unwrap()
    }
}

#[actix_web::test]
async fn a_request_after_the_last_one_is_still_executed() {
    let bare = Bare::start();
    bare.told(&[b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", GET].concat()).await;
    assert_eq!(
        bare.requests.load(Ordering::SeqCst),
        2,
        "mended: `GuardedStream` need not pass on one request at a time"
    );
    bare.handle.stop(false).await;
}

#[actix_web::test]
async fn a_client_of_http_1_0_still_gets_chunks() {
    let bare = Bare::start();
    let told = bare.told(b"GET /stream HTTP/1.0\r\n\r\n").await;
    assert!(told.contains("transfer-encoding: chunked"), "mended: `Tracked` need not see to it\n{told}");
    bare.handle.stop(false).await;
}

#[actix_web::test]
async fn a_bare_line_feed_is_still_accepted() {
    let bare = Bare::start();
    let told = bare.told(b"GET / HTTP/1.1\nHost: x\n\n").await;
    assert!(told.starts_with("HTTP/1.1 200 "), "mended: `HeadScanner` need not look for it\n{told}");
    bare.handle.stop(false).await;
}

#[actix_web::test]
async fn later_heads_still_have_no_deadline() {
    let bare = Bare::start();
    let told = bare.told_in_parts([GET, b"G"]).await;
    assert!(told.ends_with("still open"), "mended: `GuardedStream` need not have one\n{told}");
    bare.handle.stop(false).await;
}

#[actix_web::test]
async fn an_unread_body_is_still_discarded_without_limit() {
    let bare = Bare::start();
    let request = [b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n8000000\r\n".as_slice()];
    let told = bare.told(&[request.concat(), vec![b'x'; 32 << 20]].concat()).await;
    assert!(told.ends_with("still open"), "mended: `GuardedStream` need not limit it\n{told}");
    bare.handle.stop(false).await;
}
