//! The frames that a server sends on a WebSocket (RFC 6455, section 5.2), found in the bytes as they come: cheap enough
//! that a thousand sockets of this program are not what is measured.

use thiserror::Error;

#[cfg(test)]
mod tests;

/// How much of a payload is kept: all of a control frame's, which may have no more (RFC 6455, section 5.5), and of a
/// text the part that says what it is.
const HEAD: usize = 125;
/// The longest header of an unmasked frame: two bytes, and eight of length.
const LONGEST_HEADER: usize = 10;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameKind {
    /// A whole text message.
    Text,
    /// The other end says goodbye.
    Close,
    /// The other end wants a pong with the same payload.
    Ping,
    /// The answer to a ping.
    Pong,
}

/// A frame that has come to its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    /// What it is.
    pub kind: FrameKind,
    /// How many bytes of payload it had.
    pub length: u64,
    /// The first of them, 125 at most.
    pub head: &'a [u8],
}

/// What no server of this program's may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum InvalidFrame {
    /// The first byte is that of a fragment, of a binary message, or of nothing at all.
    #[error("a frame begins with 0x{0:02x}, which is neither a complete text frame nor a control frame")]
    Kind(u8),
    /// Servers don't mask (RFC 6455, section 5.1).
    #[error("a frame is masked")]
    Masked,
    /// A control frame is too long.
    #[error("a control frame has more than 125 bytes")]
    Control,
}

/// Finds the frames of one connection.
#[derive(Debug)]
pub(super) struct Frames {
    header: [u8; LONGEST_HEADER],
    /// How many bytes of the header have come.
    has: usize,
    /// The frame whose payload comes, once its header is complete.
    open: Option<Open>,
    head: [u8; HEAD],
}

/// A frame whose payload is still to come.
#[derive(Debug, Clone, Copy)]
struct Open {
    kind: FrameKind,
    length: u64,
    /// How much of the payload has come.
    come: u64,
}

impl Frames {
    /// Nothing has come yet.
    pub(super) const fn new() -> Self {
        Self { header: [0; LONGEST_HEADER], has: 0, open: None, head: [0; HEAD] }
    }

    /// The next frame that is complete with `bytes`, of which it takes away what it has used. `None` once they are used
    /// up.
    ///
    /// # Errors
    /// The bytes are not those of such a frame. Nothing that follows can be understood then.
    pub(super) fn next<'f, 'b: 'f>(
        &'f mut self,
        bytes: &mut &'b [u8],
    ) -> Result<Option<Frame<'f>>, InvalidFrame> {
        let Some(open) = self.open(bytes)? else { return Ok(None) };
        let left = open.length - open.come;
        let fits = usize::try_from(left).is_ok_and(|left| left <= bytes.len());
        if open.come == 0 && fits {
            // The usual case: nothing is copied.
            let (payload, rest) = bytes.split_at(usize_of(left));
            *bytes = rest;
            self.begin_next();
            return Ok(Some(finish(open, payload)));
        }
        let (part, rest) = bytes.split_at(usize_of(left).min(bytes.len()));
        *bytes = rest;
        self.keep(open, part);
        if !fits {
            self.open = Some(Open { come: open.come + part.len() as u64, ..open });
            return Ok(None);
        }
        self.begin_next();
        Ok(Some(finish(open, &self.head)))
    }

    /// The frame whose payload comes, as soon as its header is complete.
    fn open(&mut self, bytes: &mut &[u8]) -> Result<Option<Open>, InvalidFrame> {
        if self.open.is_none() && self.complete_header(bytes) {
            self.open = Some(read_header(&self.header)?);
        }
        Ok(self.open)
    }

    /// Moves bytes to the header until it is complete; whether it is.
    fn complete_header(&mut self, bytes: &mut &[u8]) -> bool {
        while self.has < header_length(&self.header[..self.has]) {
            let Some((first, rest)) = bytes.split_first() else { return false };
            self.header[self.has] = *first;
            self.has += 1;
            *bytes = rest;
        }
        true
    }

    /// Keeps of a part of the payload what belongs to its head.
    fn keep(&mut self, open: Open, part: &[u8]) {
        let from = usize_of(open.come).min(HEAD);
        let room = &mut self.head[from..];
        let kept = part.len().min(room.len());
        room[..kept].copy_from_slice(&part[..kept]);
    }

    const fn begin_next(&mut self) {
        self.has = 0;
        self.open = None;
    }
}

/// How long a header is, as far as is known from what has come of it.
fn header_length(header: &[u8]) -> usize {
    match header.get(1).map(|byte| byte & 0x7f) {
        Some(126) => 4,
        Some(127) => 10,
        _ => 2,
    }
}

/// The frame that a complete header announces.
fn read_header(header: &[u8; LONGEST_HEADER]) -> Result<Open, InvalidFrame> {
    let kind = match header[0] {
        0x81 => FrameKind::Text,
        0x88 => FrameKind::Close,
        0x89 => FrameKind::Ping,
        0x8a => FrameKind::Pong,
        other => return Err(InvalidFrame::Kind(other)),
    };
    if header[1] & 0x80 != 0 {
        return Err(InvalidFrame::Masked);
    }
    let length = match header[1] {
        126 => u64::from(u16::from_be_bytes([header[2], header[3]])),
        127 => header[2..].iter().fold(0, |length, &byte| length << 8 | u64::from(byte)),
        short => u64::from(short),
    };
    if kind != FrameKind::Text && length > HEAD as u64 {
        return Err(InvalidFrame::Control);
    }
    Ok(Open { kind, length, come: 0 })
}

fn finish(open: Open, payload: &[u8]) -> Frame<'_> {
    let head = &payload[..usize_of(open.length).min(HEAD).min(payload.len())];
    Frame { kind: open.kind, length: open.length, head }
}

/// More than fits into memory is as good as the most that does.
fn usize_of(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}
