//! An id for each request, which connects a response, its log lines and a question about it.

use std::fmt;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The id of one request: 16 hexadecimal digits, never the same twice while the server runs and most likely
/// never again afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId([u8; 16]);

/// Where this run of the server begins to count. Not a secret: ids only need to differ.
static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| {
    let seed = getrandom::u64().unwrap_or_else(|_| u64::from(std::process::id()));
    AtomicU64::new(seed)
});

impl RequestId {
    /// The response header that carries the id.
    pub const HEADER: &'static str = "x-request-id";

    /// A fresh id.
    pub fn next() -> Self {
        Self::of(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Scatters the count, so that ids of neighbours don't look alike. A bijection (the finaliser of
    /// splitmix64), so that different counts never give the same id.
    fn of(count: u64) -> Self {
        let mut x = count;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^= x >> 31;
        let mut digits = [0; 16];
        for (place, digit) in digits.iter_mut().enumerate() {
            let nibble = (x >> (60 - 4 * place)) & 0xf;
            *digit = b"0123456789abcdef"[nibble as usize];
        }
        Self(digits)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("hexadecimal digits are ASCII")
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_differ_and_are_hexadecimal() {
        let ids: HashSet<_> = (0..1_000).map(|_| RequestId::next()).collect();
        assert_eq!(ids.len(), 1_000);
        assert!(ids.iter().all(|id| id.as_str().bytes().all(|b| b.is_ascii_hexdigit())));
    }

    #[test]
    fn the_digits_are_those_of_the_scattered_count() {
        assert_eq!(RequestId::of(0).as_str(), "0000000000000000");
        assert_eq!(RequestId::of(1).as_str(), "5692161d100b05e5");
    }
}
