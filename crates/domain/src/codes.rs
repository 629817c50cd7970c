//! Codes that people read aloud and type.

use std::fmt;

use crate::accounts::KeyHash;
use crate::validation::{Violation, ViolationCode};

/// The symbols of Crockford's Base 32, each for five bits: digits, and letters without those that are mistaken for others
/// (I, L, O) or make words (U).
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How many groups a code is written in.
const GROUPS: usize = 4;

/// A code of so many symbols: who knows it may do something, so `Debug` doesn't print it. It can be read aloud: upper and
/// lower case are the same, hyphens and spaces mean nothing, and O, I and L stand for the digits that they look like.
#[derive(Clone, PartialEq, Eq)]
pub struct Code<const LENGTH: usize>(String);

impl<const LENGTH: usize> Code<LENGTH> {
    /// The code with these symbols, each given by five bits.
    pub fn from_bits(bits: [u8; LENGTH]) -> Self {
        Self(bits.iter().map(|bits| char::from(SYMBOLS[usize::from(bits & 0b1_1111)])).collect())
    }

    /// Reads a code that somebody typed.
    ///
    /// # Errors
    /// [`ViolationCode::InvalidFormat`] for what can't be a code.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let written = text.chars().filter(|character| !matches!(character, '-' | ' '));
        // One more than there are, so that long text is not read to its end.
        let code: Option<String> = written.take(LENGTH + 1).map(symbol).collect();
        code.filter(|code| code.len() == LENGTH).map(Self).ok_or_else(|| {
            let detail = format!("must have {LENGTH} digits or letters other than U");
            Violation::new(ViolationCode::InvalidFormat, detail)
        })
    }

    /// The symbols, without hyphens: what is hashed.
    pub fn symbols(&self) -> &str {
        &self.0
    }

    /// How it is shown, once: in four groups of symbols.
    pub fn reveal(&self) -> String {
        let groups = self.0.as_bytes().chunks(LENGTH.div_ceil(GROUPS));
        groups.map(|group| String::from_utf8_lossy(group)).collect::<Vec<_>>().join("-")
    }
}

impl<const LENGTH: usize> fmt::Debug for Code<LENGTH> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

/// The symbol that somebody means.
fn symbol(typed: char) -> Option<char> {
    let symbol = match typed.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    u8::try_from(symbol).ok().filter(|byte| SYMBOLS.contains(byte)).map(char::from)
}

/// A code that lets somebody in, or resets a password. It has 100 bits.
pub type SecretCode = Code<20>;

/// SHA-256 of the symbols of a code. The code itself is never stored.
pub type CodeHash = KeyHash;

/// Makes and hashes codes.
#[cfg_attr(test, mockall::automock)]
pub trait SecretCodes: Send + Sync {
    /// A new code of 100 random bits.
    fn issue_code(&self) -> SecretCode;

    /// The hash of a code.
    fn digest_code(&self, code: &SecretCode) -> CodeHash;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits<const LENGTH: usize>() -> [u8; LENGTH] {
        std::array::from_fn(|place| u8::try_from(place + 10).unwrap())
    }

    #[test]
    fn a_code_is_shown_in_groups_and_read_however_it_is_written() {
        let code = Code::<20>::from_bits(bits());
        assert_eq!(code.reveal(), "ABCDE-FGHJK-MNPQR-STVWX");
        for written in ["ABCDE-FGHJK-MNPQR-STVWX", "abcdefghjkmnpqrstvwx", " abcde fghjk-mnpqr-s-t-v-w-x "] {
            assert_eq!(Code::parse(written), Ok(code.clone()), "{written:?}");
        }
        assert_eq!(format!("{code:?}"), "Code(…)");
        assert_eq!(Code::<16>::from_bits(bits()).reveal(), "ABCD-EFGH-JKMN-PQRS");
    }

    #[test]
    fn letters_that_look_like_digits_are_these() {
        let code = Code::<20>::parse("00000-11111-11111-00000");
        assert!(code.is_ok());
        assert_eq!(Code::parse("oO0Oo-iIlL1-1LlIi-0OooO"), code);
    }

    #[test]
    fn what_can_t_be_a_code_is_refused() {
        let long = "0".repeat(100_000);
        for text in
            ["", "0000", "0000000000000000000", "000000000000000000000", "UUUUUUUUUUUUUUUUUUUU", &long]
        {
            assert_eq!(Code::<20>::parse(text).unwrap_err().code, ViolationCode::InvalidFormat, "{text:?}");
        }
        for strange in ["0000000000000000000é", "0000000000000000000_", "0000000000000000000\n"] {
            assert!(Code::<20>::parse(strange).is_err(), "{strange:?}");
        }
    }

    #[test]
    fn only_the_low_five_bits_count_and_each_has_a_symbol() {
        let all: Vec<_> = (0..=u8::MAX).map(|bits| Code::from_bits([bits; 20]).0).collect();
        assert_eq!(all[..32], all[32..64]);
        assert!(all.iter().all(|code| Code::<20>::parse(code).is_ok()));
    }
}
