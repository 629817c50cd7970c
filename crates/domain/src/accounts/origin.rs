//! Where a request comes from. It decides nothing: the audit log tells it.

use std::fmt;
use std::net::IpAddr;

/// The bytes kept of the name of a program.
const MAX_BYTES: usize = 150;

/// The program that sends a request, as it names itself, cut to 150 bytes. It comes with every request, so it is copied
/// rather than allocated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UserAgent {
    length: u8,
    bytes: [u8; MAX_BYTES],
}

impl UserAgent {
    /// The first characters of a text, without control characters, because the sender chose them. `None` if nothing is
    /// left.
    pub fn cut(text: &str) -> Option<Self> {
        let (mut length, mut bytes) = (0, [0; MAX_BYTES]);
        for character in text.trim().chars().filter(|character| !character.is_control()) {
            let Some(room) = bytes.get_mut(length..length + character.len_utf8()) else { break };
            character.encode_utf8(room);
            length += character.len_utf8();
        }
        let length = u8::try_from(length).ok().filter(|length| *length > 0)?;
        Some(Self { length, bytes })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        let kept = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(kept).unwrap_or_default()
    }
}

impl fmt::Debug for UserAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// Where a request comes from, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Origin {
    /// The network address.
    pub address: Option<IpAddr>,
    /// The program.
    pub user_agent: Option<UserAgent>,
}

impl Origin {
    /// Not known, as for what the server itself does.
    pub const UNKNOWN: Self = Self { address: None, user_agent: None };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Option<String> {
        UserAgent::cut(text).map(|agent| agent.as_str().to_owned())
    }

    #[test]
    fn a_program_is_cut_at_a_whole_character() {
        assert_eq!(cut(" cli/1\n").as_deref(), Some("cli/1"));
        assert_eq!(cut("a\u{1b}[2Jb").as_deref(), Some("a[2Jb"));
        assert_eq!(cut(&"x".repeat(1_000)), Some("x".repeat(MAX_BYTES)));
        assert_eq!(cut(&format!("x{}", "é".repeat(1_000))), Some(format!("x{}", "é".repeat(74))));
        for nothing in ["", "  ", "\u{7}\u{7}"] {
            assert_eq!(cut(nothing), None, "{nothing:?}");
        }
    }
}
