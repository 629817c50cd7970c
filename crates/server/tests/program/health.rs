//! `groupchat health`, as a supervisor asks.

use std::net::TcpListener;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::commands::{complaint, printed, run};
use crate::harness::{Server, data};

#[tokio::test]
async fn a_server_that_is_well_is_said_to_be() {
    let data = data();
    let server = Server::start(&data).await;
    let port = server.address().rsplit(':').next().unwrap().to_owned();
    assert_eq!(printed(&run(&data, &["health", "--port", &port]).await), "ok\n");
    assert_eq!(printed(&run(&data, &["health", "--listen", &format!("0.0.0.0:{port}")]).await), "ok\n");
    server.stop().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_or_not_well_is_a_failure() {
    let data = data();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let words = complaint(&run(&data, &["health", "--port", &free]).await);
    assert!(
        words.contains(&format!("127.0.0.1:{free} is unhealthy")) && words.contains("refused"),
        "{words}"
    );

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let unwell = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            assert_ne!(connection.read_buf(&mut request).await.unwrap(), 0);
        }
        connection.write_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    });
    let words = complaint(&run(&data, &["health", "--port", &port]).await);
    assert!(words.contains("503"), "{words}");
    unwell.await.unwrap();
}
