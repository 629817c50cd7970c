//! Large files that everybody may have, asked for by clients that don't read.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Server, data};

/// Clients, each of which asks for each file.
const CLIENTS: usize = 1_000;
/// What the server may take for them, in bytes. A copy of the file for each takes 262 MB and more; what they take is a
/// buffer of 16 KiB each, which may have been doubled, and the connection: 43 MB in a debug build.
const MEMORY: u64 = 60_000_000;

/// The Swagger page's largest file, and the largest document.
async fn large_files(server: &Server) -> Vec<String> {
    let origin = server.url.trim_end_matches("/api");
    let page = reqwest::get(format!("{origin}/api/docs/")).await.unwrap().text().await.unwrap();
    let name =
        page.split('"').find(|part| part.starts_with("swagger-ui-bundle.")).expect("the page names it");
    vec![format!("/api/docs/{name}"), "/api/openapi.json".to_owned()]
}

/// Asks for a file, and waits until the answer has begun.
async fn ask(server: &Server, path: &str, accept: &str) -> TcpStream {
    // A small window: what the system keeps for a client is not what is measured.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut connection = socket.connect(server.address().parse().unwrap()).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: {accept}\r\n\r\n");
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut begun = [0; 12];
    connection.read_exact(&mut begun).await.unwrap();
    assert_eq!(&begun, b"HTTP/1.1 200");
    connection
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn clients_that_ask_for_a_large_file_and_dont_read_cost_little() {
    let data = data();
    for file in 0..2 {
        for accept in ["gzip", "identity"] {
            // A server for each: what the clients before have left in the allocator is not what is measured.
            let server = Server::start(&data).await;
            let path = large_files(&server).await.swap_remove(file);
            let at_rest = server.resident_memory();
            let mut clients = Vec::new();
            for _ in 0..CLIENTS {
                clients.push(ask(&server, &path, accept).await);
            }
            let memory = server.resident_memory().saturating_sub(at_rest);
            println!("{CLIENTS} clients that ask for {path} as {accept} take {memory} bytes");
            assert!(memory < MEMORY, "{CLIENTS} clients that ask for {path} as {accept} take {memory} bytes");
            server.anonymous().get("/health").await.expect(reqwest::StatusCode::OK);
            drop(clients);
            server.stop().await;
        }
    }
}
