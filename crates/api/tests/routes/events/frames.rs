//! Frames that are no requests: they are rejected, and the connection lives; or it ends, and nothing else does.

use futures_util::future::join;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Duration, timeout};
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::harness::{Listening, Server, WebSocket};

/// The largest frame that is taken.
const LIMIT: usize = 128 << 10;

async fn connected() -> (Listening, WebSocket) {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let listening = Listening::start(&server);
    let (socket, _) = WebSocket::open(&listening, &ann, "").await;
    (listening, socket)
}

fn code(error: &Value) -> &str {
    assert_eq!(json!([error["type"], error["id"]]), json!(["error", null]));
    error["error"]["code"].as_str().expect("an error has a code")
}

async fn assert_lives(socket: &mut WebSocket) {
    assert_eq!(socket.ask(json!({"type": "ping"})).await["type"], "reply");
}

#[actix_web::test]
async fn what_is_no_request_is_refused_and_the_connection_lives() {
    let (listening, mut socket) = connected().await;
    let largest = format!("\"{}\"", "x".repeat(LIMIT - 2));
    for (frame, expected) in [
        (Message::text(""), "malformed_json"),
        (Message::text("{"), "malformed_json"),
        (Message::text("[]"), "malformed_json"),
        (Message::text(r#"{"type": "ping"} {}"#), "malformed_json"),
        (Message::text(&largest), "malformed_json"),
        (Message::text(format!("{largest} ")), "payload_too_large"),
        (Message::binary(b"{}".to_vec()), "malformed_json"),
    ] {
        socket.send_message(frame).await;
        assert_eq!(code(&socket.next().await), expected);
        assert_lives(&mut socket).await;
    }
    listening.stop().await;
}

fn fragment(text: &str, opcode: Data, is_last: bool) -> Frame {
    Frame::message(text.to_owned().into_bytes(), OpCode::Data(opcode), is_last)
}

#[actix_web::test]
async fn a_message_may_come_in_fragments_with_a_ping_in_between() {
    let (listening, mut socket) = connected().await;
    socket.send_frame(fragment(r#"{"type": "#, Data::Text, false)).await;
    socket.send_frame(Frame::ping("are you there?")).await;
    socket.send_frame(fragment("", Data::Continue, false)).await;
    socket.send_frame(fragment(r#""ping", "id": 7}"#, Data::Continue, true)).await;
    assert_eq!(socket.next().await, json!({"type": "reply", "id": 7, "data": {}}));
    listening.stop().await;
}

#[actix_web::test]
async fn fragments_may_not_add_up_to_more_than_a_frame() {
    let (listening, mut socket) = connected().await;
    let part = "x".repeat(LIMIT / 2);
    socket.send_frame(fragment(&part, Data::Text, false)).await;
    socket.send_frame(fragment(&part, Data::Continue, false)).await;
    socket.send_frame(fragment("x", Data::Continue, true)).await;
    assert_eq!(code(&socket.next().await), "payload_too_large");
    assert_lives(&mut socket).await;
    listening.stop().await;
}

#[actix_web::test]
async fn what_is_no_websocket_ends_the_connection_with_the_code_for_it() {
    for (bytes, expected) in [
        // Without a mask (RFC 6455, section 5.1).
        (b"\x81\x02{}".to_vec(), 1002),
        // A reserved bit (RFC 6455, section 5.2).
        (b"\xc1\x82\0\0\0\0{}".to_vec(), 1002),
        // An opcode that there is not.
        (b"\x83\x80\0\0\0\0".to_vec(), 1002),
        // The end of something that never began.
        (b"\x80\x80\0\0\0\0".to_vec(), 1002),
        // A length of 2^64 - 1.
        (b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0".to_vec(), 1009),
        // Text that is not UTF-8.
        (b"\x81\x81\0\0\0\0\xff".to_vec(), 1007),
    ] {
        let (listening, mut socket) = connected().await;
        assert!(socket.send_raw(&bytes).await);
        assert_eq!(socket.closed().await.0, expected, "{bytes:x?}");
        listening.stop().await;
    }
}

#[actix_web::test]
async fn a_close_is_answered_with_its_code() {
    let (listening, mut socket) = connected().await;
    // 3000 and no reason.
    assert!(socket.send_raw(b"\x88\x82\0\0\0\0\x0b\xb8").await);
    assert_eq!(socket.closed().await.0, 3000);
    listening.stop().await;
}

#[actix_web::test]
async fn a_frame_that_is_announced_as_huge_fills_no_memory() {
    let (listening, socket) = connected().await;
    let tcp = socket.into_tcp();
    let (mut from, mut to) = tcp.into_split();
    let write = async {
        let mut header = b"\x81\xff".to_vec();
        header.extend_from_slice(&(1_u64 << 40).to_be_bytes());
        header.extend_from_slice(&[0; 4]);
        let mut chunk = header;
        while to.write_all(&chunk).await.is_ok() {
            chunk = vec![b'x'; 64 << 10];
        }
    };
    let read = async {
        let mut said = Vec::new();
        // The server may reset the connection, since it leaves bytes unread.
        let _ = from.read_to_end(&mut said).await;
        said
    };
    // Else the server would take all of it, and keep it.
    let (_, said) = timeout(Duration::from_secs(20), join(write, read)).await.expect("the connection ends");
    // "Message Too Big", if it got through.
    assert!(said.is_empty() || said.windows(4).any(|bytes| bytes == [0x88, 0x02, 0x03, 0xf1]), "{said:x?}");
    listening.stop().await;
}

#[actix_web::test]
async fn a_flood_is_slowed_and_then_ended() {
    let (listening, mut socket) = connected().await;
    for _ in 0..400 {
        if !socket.send_raw(&masked(r#"{"type": "ping", "id": 7}"#)).await {
            break;
        }
    }
    let (code, said) = socket.closed().await;
    assert_eq!(code, 4029);
    let served = said.iter().filter(|frame| frame["type"] == "reply").count();
    let is_refused = |frame: &&Value| frame["error"]["code"] == "too_many_requests" && frame["id"] == 7;
    let refused = said.iter().filter(is_refused).count();
    assert!((60..150).contains(&served), "{served}");
    assert_eq!(refused, 200);
    listening.stop().await;
}

#[actix_web::test]
async fn a_flood_of_control_frames_is_ended_too() {
    for frame in [b"\x89\x80\0\0\0\0", b"\x8a\x80\0\0\0\0"] {
        let (listening, mut socket) = connected().await;
        let _ = socket.send_raw(&frame.repeat(400)).await;
        assert_eq!(socket.closed().await.0, 4029, "{frame:x?}");
        listening.stop().await;
    }
}

#[actix_web::test]
async fn fragments_without_an_end_are_ended_whatever_comes_in_between() {
    let (listening, mut socket) = connected().await;
    // Empty ones, so that they never add up to a message that is too large.
    let fragments = b"\x00\x80\0\0\0\0".repeat(4 * LIMIT / 6 / 40);
    assert!(socket.send_raw(b"\x01\x80\0\0\0\0").await);
    for _ in 0..41 {
        if !socket.send_raw(&fragments).await || !socket.send_raw(b"\x89\x80\0\0\0\0").await {
            break;
        }
    }
    assert_eq!(socket.closed().await.0, 1009);
    listening.stop().await;
}

/// A text frame with a mask of zeros.
fn masked(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81, 0x80 | u8::try_from(text.len()).expect("a short text"), 0, 0, 0, 0];
    frame.extend_from_slice(text.as_bytes());
    frame
}
