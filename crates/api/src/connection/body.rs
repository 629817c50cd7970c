//! Where the body of a request ends (RFC 9112, sections 6 and 7.1).

/// How a body is delimited, and how much of it is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// This many bytes are still to come.
    Length(u64),
    /// In chunks.
    Chunked(Chunk),
    /// The body ends with the connection.
    UntilClose,
}

/// What the next byte of a chunked body belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chunk {
    /// The size of a chunk. `Some` once its first digit has been read.
    Size(Option<u64>),
    /// White space after the size.
    Space(u64),
    /// An extension, after the semicolon.
    Extension(u64),
    /// The line feed after the size.
    SizeEnd(u64),
    /// This many bytes of data are still to come.
    Data(u64),
    /// The line break after the data.
    DataEnd,
    /// The line feed of that line break.
    DataLineFeed,
    /// The start of a line after the last chunk: a trailer or the final line.
    Line,
    /// A trailer.
    Trailer,
    /// The line feed after a trailer.
    TrailerLineFeed,
    /// The final line feed.
    LastLineFeed,
    /// Nothing. The body is complete.
    Done,
}

/// The bytes don't match the framing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

impl Framing {
    /// A chunked body of which nothing has been read.
    pub(super) const fn chunked() -> Self {
        Self::Chunked(Chunk::Size(None))
    }

    /// Whether the body is complete.
    pub(super) const fn is_done(self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunked(Chunk::Done))
    }

    /// Returns how many of the bytes belong to the body.
    ///
    /// # Errors
    /// The chunks are malformed.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<usize, Malformed> {
        match self {
            Self::Length(left) => Ok(take_some(left, bytes.len())),
            Self::UntilClose => Ok(bytes.len()),
            Self::Chunked(chunk) => {
                let mut taken = 0;
                while taken < bytes.len() && *chunk != Chunk::Done {
                    taken += chunk.take(&bytes[taken..])?;
                }
                Ok(taken)
            }
        }
    }
}

fn take_some(left: &mut u64, available: usize) -> usize {
    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(available);
    *left -= taken as u64;
    taken
}

impl Chunk {
    /// Takes the next byte, or as much data as there is.
    fn take(&mut self, bytes: &[u8]) -> Result<usize, Malformed> {
        if let Self::Data(left) = self {
            let taken = take_some(left, bytes.len());
            if *left == 0 {
                *self = Self::DataEnd;
            }
            return Ok(taken);
        }
        *self = self.after(bytes[0]).ok_or(Malformed)?;
        Ok(1)
    }

    fn after(self, byte: u8) -> Option<Self> {
        match (self, byte) {
            (Self::Size(size), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = u64::from(char::from(byte).to_digit(16)?);
                size.unwrap_or(0).checked_mul(16).map(|size| Self::Size(Some(size + digit)))
            }
            (Self::Size(Some(size)) | Self::Space(size), b' ' | b'\t') => Some(Self::Space(size)),
            (Self::Size(Some(size)) | Self::Space(size), b';') => Some(Self::Extension(size)),
            (Self::Size(Some(size)) | Self::Space(size) | Self::Extension(size), b'\r') => {
                Some(Self::SizeEnd(size))
            }
            (Self::Extension(size), b'\t' | b' '..=b'~' | 0x80..) => Some(Self::Extension(size)),
            (Self::SizeEnd(0), b'\n') => Some(Self::Line),
            (Self::SizeEnd(size), b'\n') => Some(Self::Data(size)),
            (Self::DataEnd, b'\r') => Some(Self::DataLineFeed),
            (Self::DataLineFeed, b'\n') => Some(Self::Size(None)),
            (Self::Line, b'\r') => Some(Self::LastLineFeed),
            (Self::Line | Self::Trailer, b'\t' | b' '..=b'~' | 0x80..) => Some(Self::Trailer),
            (Self::Trailer, b'\r') => Some(Self::TrailerLineFeed),
            (Self::TrailerLineFeed, b'\n') => Some(Self::Line),
            (Self::LastLineFeed, b'\n') => Some(Self::Done),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Splits a chunked body in two, and returns how much of each part is taken.
    fn take(text: &[u8], cut: usize) -> Result<(usize, bool), Malformed> {
        let mut framing = Framing::chunked();
        let first = framing.take(&text[..cut])?;
        assert!(first == cut || framing.is_done());
        let second = if framing.is_done() { 0 } else { framing.take(&text[cut..])? };
        Ok((first + second, framing.is_done()))
    }

    #[test]
    fn the_end_of_chunks_is_found_wherever_reads_split_them() {
        let text = b"5;name=\"v\"\r\nhello\r\n00A \r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nGET / HTTP/1.1";
        for cut in 0..text.len() {
            assert_eq!(take(text, cut), Ok((text.len() - 14, true)), "{cut}");
        }
        assert_eq!(take(b"1\r\na\r\n0\r\n", 0), Ok((9, false)));
    }

    #[test]
    fn invalid_chunks_are_malformed() {
        for text in [
            "\r\n",
            "g\r\n",
            "-1\r\n",
            " 1\r\na\r\n",
            "1\na\r\n",
            "1\r\nab\r\n",
            "1\r\na\n",
            "1;a\nb\r\n",
            "10000000000000000\r\n",
            "0\r\n\n",
            "0\r\nTrailer: x\n\r\n",
        ] {
            assert_eq!(take(text.as_bytes(), 0), Err(Malformed), "{text:?}");
        }
    }

    #[test]
    fn a_body_with_a_length_ends_after_it() {
        let mut framing = Framing::Length(5);
        assert_eq!(framing.take(b"abc"), Ok(3));
        assert!(!framing.is_done());
        assert_eq!(framing.take(b"abc"), Ok(2));
        assert!(framing.is_done());
    }
}
