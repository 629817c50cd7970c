//! Where requests end, whatever a client sends.

use std::cell::LazyCell;

use actix_http::h1::{Codec, Message};
use actix_web::rt::Runtime;
use actix_web::web::BytesMut;
use tokio_util::codec::Decoder;

use super::body::Framing;
use super::head::{Head, HeadScanner};
use super::rejection::{HEAD_LIMIT, ProtocolError};

thread_local! {
    /// actix-http's codecs need a service configuration, which needs a runtime.
    static RUNTIME: LazyCell<Runtime> = LazyCell::new(|| Runtime::new().expect("a runtime starts"));
}

/// A request ends at the same byte in whatever pieces it arrives, and actix-http, which reads the same bytes, finds
/// exactly this request in them.
pub fn heads(bytes: &[u8]) {
    let whole = HeadScanner::default().scan(bytes);
    for piece in [1, 7] {
        let in_pieces = scan_in_pieces(bytes, piece);
        match &whole {
            Ok(_) => assert_eq!(in_pieces, whole),
            Err(_) => assert!(!matches!(in_pieces, Ok(Some(_))), "{in_pieces:?} instead of {whole:?}"),
        }
    }
    if let Ok(Some(head)) = whole {
        read_request(&head, bytes);
    }
}

fn scan_in_pieces(bytes: &[u8], piece: usize) -> Result<Option<Head>, ProtocolError> {
    let mut scanner = HeadScanner::default();
    let ends = (piece..bytes.len()).step_by(piece).chain([bytes.len()]);
    let heads = ends.filter_map(|end| scanner.scan(&bytes[..end]).transpose());
    heads.into_iter().next().transpose()
}

/// Reads the body behind a head.
fn read_request(head: &Head, bytes: &[u8]) {
    assert!(head.len <= bytes.len() && head.len <= HEAD_LIMIT);
    let rest = &bytes[head.len..];
    let mut framing = head.body;
    let taken = framing.take(rest);
    for piece in [1, 5] {
        let in_pieces = take_in_pieces(head.body, rest, piece);
        assert_eq!(in_pieces.is_some(), taken.is_ok());
        assert!(in_pieces.is_none() || in_pieces == taken.ok().map(|taken| (taken, framing)));
    }
    let Ok(taken) = taken else { return };
    if framing.is_done() || framing == Framing::UntilClose {
        let request = &bytes[..head.len + taken];
        let read =
            RUNTIME.with(|runtime| runtime.block_on(async { read_by_actix(&mut Codec::default(), request) }));
        assert_eq!(read, Ok((1, 0)));
    }
}

/// How many bytes belong to the body, and what is still to come. `None` if they are malformed.
fn take_in_pieces(mut framing: Framing, bytes: &[u8], piece: usize) -> Option<(usize, Framing)> {
    let mut taken = 0;
    for bytes in bytes.chunks(piece) {
        taken += framing.take(bytes).ok()?;
    }
    Some((taken, framing))
}

/// The requests that actix-http finds, and how many bytes it leaves.
pub(super) fn read_by_actix(codec: &mut Codec, bytes: &[u8]) -> Result<(usize, usize), ()> {
    let mut bytes = BytesMut::from(bytes);
    let mut heads = 0;
    loop {
        match codec.decode(&mut bytes) {
            Ok(Some(Message::Item(_))) => heads += 1,
            Ok(Some(Message::Chunk(_))) => {}
            Ok(None) => return Ok((heads, bytes.len())),
            Err(_) => return Err(()),
        }
    }
}
