//! Where the head of a request ends, and what follows it (RFC 9112).
//!
//! Stricter than actix-http, which reads the same bytes afterwards: if both accept some bytes, they must parse them as
//! the same request. `tests.rs` compares the two.

use actix_web::http::{Method, Uri};
use httparse::{EMPTY_HEADER, Error, Header, Request, Status};

use super::body::Framing;
use super::rejection::{HEAD_LIMIT, MAX_HEADERS, PATH_LIMIT, ProtocolError};

/// Finds the end of a head that arrives in pieces. It examines each byte a bounded number of times.
#[derive(Debug, Default)]
pub(super) struct HeadScanner {
    /// Bytes examined so far.
    scanned: usize,
    /// How many bytes there were when the parser last checked whether they can be a head at all.
    parsed: usize,
    /// Whether a non-empty line was seen: empty lines before it don't end the head (RFC 9112, section 2.2).
    has_line: bool,
}

/// A complete head.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Its length in bytes, including the empty line at its end.
    pub len: usize,
    /// How its body is delimited.
    pub body: Framing,
    /// Whether no further request may follow on this connection (RFC 9112, section 9.3).
    pub is_last: bool,
}

impl HeadScanner {
    /// Scans all bytes of the head received so far. Returns `None` if it is incomplete.
    ///
    /// # Errors
    /// The bytes are not a head, or the head is rejected.
    pub(super) fn scan(&mut self, bytes: &[u8]) -> Result<Option<Head>, ProtocolError> {
        let end = self.find_end(bytes)?;
        if end.unwrap_or(bytes.len()) > HEAD_LIMIT {
            return Err(ProtocolError::HeadTooLarge);
        }
        if let Some(len) = end {
            return parse(&bytes[..len]).map(Some);
        }
        // Input that isn't HTTP need not have an end, so it is parsed early. Only each time the length has doubled, so
        // that a slow head costs little.
        if bytes.len() >= 2 * self.parsed {
            self.parsed = bytes.len();
            parse_partial(bytes)?;
        }
        Ok(None)
    }

    fn find_end(&mut self, bytes: &[u8]) -> Result<Option<usize>, ProtocolError> {
        while let Some(offset) = bytes[self.scanned..].iter().position(|byte| *byte == b'\n') {
            let feed = self.scanned + offset;
            self.scanned = feed + 1;
            let line = &bytes[..feed];
            if line.last() != Some(&b'\r') {
                return Err(ProtocolError::BareLineFeed);
            }
            let is_empty = matches!(line, [b'\r'] | [.., b'\n', b'\r']);
            if is_empty && self.has_line {
                return Ok(Some(self.scanned));
            }
            self.has_line |= !is_empty;
        }
        self.scanned = bytes.len();
        Ok(None)
    }
}

fn parse_partial(bytes: &[u8]) -> Result<(), ProtocolError> {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    Request::new(&mut headers).parse(bytes).map(drop).map_err(fault)
}

fn parse(bytes: &[u8]) -> Result<Head, ProtocolError> {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut request = Request::new(&mut headers);
    match request.parse(bytes).map_err(fault)? {
        Status::Complete(len) if len == bytes.len() => {}
        _ => return Err(ProtocolError::NotHttp),
    }
    let (Some(method), Some(path), Some(version)) = (request.method, request.path, request.version) else {
        return Err(ProtocolError::NotHttp);
    };
    if Method::from_bytes(method.as_bytes()).is_err() {
        return Err(ProtocolError::NotHttp);
    }
    let target = Uri::try_from(path).map_err(|_| ProtocolError::Target)?;
    if target.path().len() > PATH_LIMIT {
        return Err(ProtocolError::PathTooLong);
    }
    let fields = HeaderFields::read(request.headers)?;
    let body = fields.framing(method, version)?;
    Ok(Head { len: bytes.len(), body, is_last: fields.closes(version) })
}

fn fault(error: Error) -> ProtocolError {
    if error == Error::TooManyHeaders { ProtocolError::HeadTooLarge } else { ProtocolError::NotHttp }
}

/// The headers that determine where a request ends.
#[derive(Debug, Default)]
struct HeaderFields {
    hosts: usize,
    length: Option<u64>,
    is_chunked: bool,
    asks_for_socket: bool,
    close: bool,
    keep_alive: bool,
}

impl HeaderFields {
    fn read(headers: &[Header<'_>]) -> Result<Self, ProtocolError> {
        let mut fields = Self::default();
        for Header { name, value } in headers {
            let value = value.trim_ascii();
            if name.eq_ignore_ascii_case("Host") {
                fields.hosts += 1;
            } else if name.eq_ignore_ascii_case("Content-Length") {
                let length = content_length(value).filter(|_| fields.length.is_none());
                fields.length = Some(length.ok_or(ProtocolError::Framing)?);
            } else if name.eq_ignore_ascii_case("Transfer-Encoding") {
                if fields.is_chunked || !value.eq_ignore_ascii_case(b"chunked") {
                    return Err(ProtocolError::Framing);
                }
                fields.is_chunked = true;
            } else if name.eq_ignore_ascii_case("Upgrade") {
                fields.asks_for_socket |= value.eq_ignore_ascii_case(b"websocket");
            } else if name.eq_ignore_ascii_case("Connection") {
                fields.add_options(value);
            }
        }
        Ok(fields)
    }

    fn add_options(&mut self, value: &[u8]) {
        for option in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            self.close |= option.eq_ignore_ascii_case(b"close");
            self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    /// RFC 9112, sections 3.2 and 6.3, and how actix-http applies them: the body of a WebSocket request is everything
    /// that follows.
    fn framing(&self, method: &str, version: u8) -> Result<Framing, ProtocolError> {
        if self.hosts > 1 || (version == 1 && self.hosts == 0) {
            return Err(ProtocolError::Host);
        }
        if self.is_chunked {
            let is_ambiguous = version == 0 || self.length.is_some();
            return if is_ambiguous { Err(ProtocolError::Framing) } else { Ok(Framing::chunked()) };
        }
        if self.asks_for_socket {
            return Ok(Framing::UntilClose);
        }
        match self.length {
            None if version == 0 && method == "POST" => Err(ProtocolError::Framing),
            Some(0) | None if method == "CONNECT" => Ok(Framing::UntilClose),
            length => Ok(Framing::Length(length.unwrap_or(0))),
        }
    }

    fn closes(&self, version: u8) -> bool {
        self.close || (version == 0 && !self.keep_alive)
    }
}

/// RFC 9110, section 8.6: only digits.
fn content_length(value: &[u8]) -> Option<u64> {
    let digits =
        std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(bytes: &[u8]) -> Result<Option<Head>, ProtocolError> {
        HeadScanner::default().scan(bytes)
    }

    fn head(fields: &str) -> Result<Head, ProtocolError> {
        let text = format!("POST / HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
        let head = scan(text.as_bytes())?.expect("it is whole");
        assert_eq!(head.len, text.len());
        Ok(head)
    }

    #[test]
    fn the_end_of_a_head_is_found_wherever_reads_split_it() {
        let text = b"\r\n\r\nGET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab";
        for cut in 0..text.len() {
            let mut scanner = HeadScanner::default();
            let early = scanner.scan(&text[..cut]).unwrap();
            assert_eq!(early.is_some(), cut >= text.len() - 2, "{cut}");
            if early.is_none() {
                let head = scanner.scan(text).unwrap().unwrap();
                assert_eq!((head.len, head.body), (text.len() - 2, Framing::Length(2)), "{cut}");
            }
        }
    }

    #[test]
    fn ambiguous_framing_is_rejected() {
        assert_eq!(head("").unwrap().body, Framing::Length(0));
        assert_eq!(head("Content-Length: 007\r\n").unwrap().body, Framing::Length(7));
        assert_eq!(head("Transfer-Encoding: Chunked\r\n").unwrap().body, Framing::chunked());
        assert_eq!(head("Upgrade: WebSocket\r\nContent-Length: 3\r\n").unwrap().body, Framing::UntilClose);
        for fields in [
            "Content-Length: +1\r\n",
            "Content-Length: 1, 1\r\n",
            "Content-Length:\r\n",
            "Content-Length: 1\r\nContent-Length: 1\r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: identity\r\n",
        ] {
            assert_eq!(head(fields), Err(ProtocolError::Framing), "{fields}");
        }
        for text in ["GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n"] {
            assert_eq!(scan(text.as_bytes()), Err(ProtocolError::Host), "{text}");
        }
        for text in ["POST / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"] {
            assert_eq!(scan(text.as_bytes()), Err(ProtocolError::Framing), "{text}");
        }
    }

    #[test]
    fn a_request_that_ends_the_connection_is_recognized() {
        for (text, is_last) in [
            ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", false),
            ("GET / HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\n", true),
            ("GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, close\r\n\r\n", true),
            ("GET / HTTP/1.0\r\n\r\n", true),
            ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", false),
        ] {
            assert_eq!(scan(text.as_bytes()).unwrap().unwrap().is_last, is_last, "{text}");
        }
    }

    #[test]
    fn a_bare_line_feed_does_not_end_a_line() {
        for text in [
            "\nGET / HTTP/1.1\r\n",
            "GET / HTTP/1.1\nHost: x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\n\n",
            "GET / HTTP/1.1\r\nX: a\nContent-Length: 5\r\n",
        ] {
            assert_eq!(scan(text.as_bytes()), Err(ProtocolError::BareLineFeed), "{text:?}");
        }
    }

    #[test]
    fn input_that_cannot_become_a_head_is_rejected_early() {
        for text in ["\x16\x03\x01\x02", "SSH-2.0-OpenSSH_9.9\r\n", "GET / HTTP/2.0\r\n", "GET\x00"] {
            assert_eq!(scan(text.as_bytes()), Err(ProtocolError::NotHttp), "{text:?}");
        }
        // A token (RFC 9110, section 5.6.2), but actix-http takes it for no method.
        assert_eq!(scan(b"IT'S / HTTP/1.1\r\nHost: x\r\n\r\n"), Err(ProtocolError::NotHttp));
        assert_eq!(scan(b"GET {} HTTP/1.1\r\nHost: x\r\n\r\n"), Err(ProtocolError::Target));
    }

    #[test]
    fn a_head_is_limited_in_bytes_and_headers() {
        let long = format!("GET / HTTP/1.1\r\nHost: x\r\nCookie: {}", "x".repeat(HEAD_LIMIT));
        assert_eq!(scan(long.as_bytes()), Err(ProtocolError::HeadTooLarge));
        assert_eq!(scan(&b"\r\n".repeat(HEAD_LIMIT)), Err(ProtocolError::HeadTooLarge));
        let many = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "A: b\r\n".repeat(MAX_HEADERS));
        assert_eq!(scan(many.as_bytes()), Err(ProtocolError::HeadTooLarge));
    }

    #[test]
    fn a_path_is_limited_in_bytes_but_not_the_query() {
        let head = |target: String| format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n");
        let path = format!("/{}", "a".repeat(PATH_LIMIT - 1));
        assert!(scan(head(format!("{path}?{path}")).as_bytes()).is_ok());
        for target in [format!("{path}a"), format!("http://x{path}a"), format!("{path}a?b")] {
            assert_eq!(scan(head(target).as_bytes()), Err(ProtocolError::PathTooLong));
        }
    }
}
