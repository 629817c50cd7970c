use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::*;
use crate::live::broadcast::rounds;
use crate::live::handshake::accept;

/// The longest that a test waits.
const LIMIT: Duration = Duration::from_secs(20);

async fn listen() -> (TcpListener, SocketTarget) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = SocketTarget { address: listener.local_addr().unwrap(), keys: Arc::new(["key".to_owned()]) };
    (listener, target)
}

#[tokio::test]
async fn one_crowd_after_the_other_hears_what_the_comparison_writes() {
    let (listener, target) = listen().await;
    let event = br#"{"cursor":"e-1","type":"message.created"}"#;
    let frame: Arc<[u8]> = [&[0x81, u8::try_from(event.len()).unwrap()], &event[..]].concat().into();
    let comparison = tokio::spawn(async move { rounds(&listener, 3, &frame).await });
    for _ in 0..2 {
        let mut crowd = Crowd::open(&target, 3, true).await.unwrap();
        let tally = Arc::clone(&crowd.tally);
        timeout(LIMIT, tally.reached_all.acquire_many(100)).await.unwrap().unwrap().forget();
        crowd.all_open().unwrap();
        assert!(crowd.ears.iter().all(|ear| ear.messages() > 0 && !ear.times().is_empty()));
        assert_eq!(crowd.tally.heard().others, 0);
    }
    comparison.abort();
}

#[tokio::test]
async fn a_ping_is_answered_and_a_goodbye_is_told() {
    let (listener, target) = listen().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        accept(&mut stream).await.unwrap();
        stream.write_all(&[0x89, 2, b'h', b'i']).await.unwrap();
        let mut pong = [0; 8];
        stream.read_exact(&mut pong).await.unwrap();
        stream.write_all(&[&[0x88, 5, 0x0f, 0xa8], &b"bye"[..]].concat()).await.unwrap();
        pong
    });
    let mut crowd = Crowd::open(&target, 1, false).await.unwrap();
    let ended = timeout(LIMIT, crowd.sockets.join_next()).await.unwrap().unwrap().unwrap();
    assert_eq!(ended.to_string(), "the server closed a socket with code 4008 bye");
    assert_eq!(server.await.unwrap(), [0x8a, 0x82, 0, 0, 0, 0, b'h', b'i']);
}

#[tokio::test]
async fn a_socket_that_is_refused_says_how() {
    let (listener, target) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_u8().await.unwrap();
        stream.write_all(b"HTTP/1.1 401 Unauthorized\r\n\r\n{\"code\":\"bad_key\"}").await.unwrap();
        stream
    });
    let refused = timeout(LIMIT, Crowd::open(&target, 1, false)).await.unwrap().unwrap_err();
    assert_eq!(refused.to_string(), r#"a socket was rejected: HTTP/1.1 401 Unauthorized {"code":"bad_key"}"#);
}

#[tokio::test]
async fn a_crowd_that_misses_a_message_is_told_so() {
    let (listener, target) = listen().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        accept(&mut stream).await.unwrap();
        stream
    });
    let mut crowd = Crowd::open(&target, 1, false).await.unwrap();
    let missed = crowd.all_heard(1).await.unwrap_err();
    assert_eq!(missed.to_string(), "a listener got 0 messages, and 1 were sent");
    drop(server);
}
