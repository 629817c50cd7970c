//! One frame as the server sends it, byte for byte, for the comparison to send the same.

use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use super::crowd::TIMEOUT;
use super::error::{Goodbye, LiveError};
use super::frames::{Frames, InvalidFrame};
use super::handshake::connect;
use super::post::Poster;
use super::program::Program;
use super::tally::is_message;
use crate::error::BenchError;
use crate::fixture::Fixture;
use crate::turn::Turn;

/// Sends a message and catches the frame that tells of it.
///
/// # Errors
/// It can't be sent, or nothing comes.
pub(super) async fn catch(server: &Program, hall: &Fixture) -> Result<Vec<u8>, BenchError> {
    let key = server.target.keys.first().map_or("", String::as_str);
    let (mut stream, mut bytes) = connect(server.target.address, key).await?;
    Poster::new(server, hall, 1)?.post(Turn { connection: 0, number: 0 }).await?;
    let catch = async {
        loop {
            if let Some(frame) = find(&bytes)? {
                return Ok(frame.to_vec());
            }
            if stream.read_buf(&mut bytes).await? == 0 {
                return Err(LiveError::Closed(Goodbye::NONE));
            }
        }
    };
    let late = Err(LiveError::Late("a message did not come", TIMEOUT.as_secs()));
    Ok(timeout(TIMEOUT, catch).await.unwrap_or(late)?)
}

/// The first frame that tells of a new message, header and all.
fn find(bytes: &[u8]) -> Result<Option<&[u8]>, InvalidFrame> {
    let (mut frames, mut rest) = (Frames::new(), bytes);
    loop {
        let from = rest;
        match frames.next(&mut rest)? {
            Some(frame) if is_message(frame.head) => return Ok(Some(&from[..from.len() - rest.len()])),
            Some(_) => {}
            None => return Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_of_a_message_is_found_behind_others_once_it_is_whole() {
        let frame = |text: &str| [&[0x81, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
        let message = frame(r#"{"cursor":"e-1","type":"message.created","data":{}}"#);
        let bytes = [frame(r#"{"type":"hello"}"#), vec![0x89, 0], message.clone()].concat();
        assert_eq!(find(&bytes), Ok(Some(&message[..])));
        assert_eq!(find(&bytes[..bytes.len() - 1]), Ok(None));
    }
}
