//! The checksum at the end of tokens: a CRC-32 of all before in 6 digits of base 62. By it a mistyped token is told from
//! one of ours without a look at the database, and secret scanners know one for sure.

/// Characters of the checksum: 62 to the power of 6 is more than 2 to the power of 32.
const LENGTH: usize = 6;

/// The digits of base 62.
pub(crate) const BASE_62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A text with its checksum.
pub(crate) fn seal(text: &str) -> String {
    format!("{text}{}", checksum(text))
}

/// The text before its checksum, if that is right.
pub(crate) fn open(sealed: &str) -> Option<&str> {
    let (text, sum) = sealed.split_at_checked(sealed.len().checked_sub(LENGTH)?)?;
    (sum == checksum(text)).then_some(text)
}

fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = BASE_62[(rest % 62) as usize];
        rest /= 62;
    }
    digits.map(char::from).iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_six_digits_of_base_62() {
        // CRC-32 of "123456789" is 0xCBF43926: 3,421,780,262.
        let value = checksum("123456789").bytes().fold(0_u64, |value, digit| {
            value * 62 + BASE_62.iter().position(|known| *known == digit).unwrap() as u64
        });
        assert_eq!(value, 3_421_780_262);
        assert_eq!(checksum(""), "000000");
    }

    #[test]
    fn what_is_sealed_is_opened() {
        assert_eq!(open(&seal("gcd_1")), Some("gcd_1"));
        assert_eq!(seal("x").len(), 7);
    }

    #[test]
    fn what_was_changed_is_not() {
        let sealed = seal("gcd_abc");
        for changed in ["", "é", "gcd_abc", &sealed[1..], &sealed.replace('b', "B"), &format!("{sealed} ")] {
            assert_eq!(open(changed), None, "{changed}");
        }
    }
}
