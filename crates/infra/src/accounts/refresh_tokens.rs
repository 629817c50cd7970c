//! Refresh tokens: `gcr_`, selector and verifier in base64url (RFC 4648, section 5, unpadded: 64 characters), and a
//! checksum. By the checksum a mistyped token is told from a stolen one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use groupchat_domain::accounts::{
    IssuedRefresh, KeyHash, RefreshHashes, RefreshToken, SELECTOR_BYTES, Salt, Secret, VERIFIER_BYTES,
};
use sha2::{Digest, Sha256};

use super::checksummed;

/// The prefix of every refresh token.
const PREFIX: &str = "gcr_";

/// The token of these bytes.
pub(super) fn issue(selector: [u8; SELECTOR_BYTES], verifier: [u8; VERIFIER_BYTES]) -> IssuedRefresh {
    let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([&selector[..], &verifier[..]].concat()));
    IssuedRefresh { secret: Secret::new(checksummed::seal(&text)), hashes: hashes(&selector, &verifier) }
}

/// The token that this text is, if its checksum is right.
pub(super) fn read(token: &str) -> Option<RefreshToken> {
    let bytes = URL_SAFE_NO_PAD.decode(checksummed::open(token)?.strip_prefix(PREFIX)?).ok()?;
    let (selector, verifier) = bytes.split_first_chunk::<SELECTOR_BYTES>()?;
    let verifier = <[u8; VERIFIER_BYTES]>::try_from(verifier).ok()?;
    Some(RefreshToken { selector: *selector, verifier, hashes: hashes(selector, &verifier) })
}

fn hashes(selector: &[u8; SELECTOR_BYTES], verifier: &[u8; VERIFIER_BYTES]) -> RefreshHashes {
    let hash = |bytes: &[u8]| KeyHash::new(Sha256::digest(bytes).into());
    RefreshHashes { selector: hash(selector), verifier: hash(verifier) }
}

/// 256 bits that follow from a token and a salt, for one purpose: the one-step key derivation of NIST SP 800-56C,
/// revision 2, section 4.1, with SHA-256. The token is the shared secret; all inputs but the purpose have a fixed length.
pub(super) fn derive(token: &RefreshToken, salt: &Salt, purpose: &str) -> [u8; 32] {
    let counter = 1_u32.to_be_bytes();
    let mut hash = Sha256::new();
    for part in [&counter[..], &token.verifier, salt.as_bytes(), purpose.as_bytes()] {
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> String {
        issue([1; 16], [2; 32]).secret.reveal().to_owned()
    }

    #[test]
    fn a_token_is_read_back() {
        let text = token();
        assert_eq!(text.len(), 4 + 64 + 6);
        let RefreshToken { selector, verifier, hashes } = read(&text).unwrap();
        assert_eq!((selector, verifier), ([1; 16], [2; 32]));
        assert_eq!(hashes, issue([1; 16], [2; 32]).hashes);
        // SHA-256 of the parts, and not of each other.
        assert_eq!(hashes.selector.as_bytes(), Sha256::digest([1; 16]).as_slice());
        assert_eq!(hashes.verifier.as_bytes(), Sha256::digest([2; 32]).as_slice());
    }

    #[test]
    fn a_mistyped_token_is_none() {
        let text = token();
        for at in 0..text.len() {
            for other in ["x", "0", "é"] {
                let mut typed = text.clone();
                typed.replace_range(at..=at, other);
                assert!(typed == text || read(&typed).is_none(), "{typed}");
            }
            assert_eq!(read(&text[..at]), None);
        }
        for other in [format!(" {text}"), format!("{text} "), text.to_uppercase(), "é".repeat(40)] {
            assert_eq!(read(&other), None, "{other}");
        }
    }

    #[test]
    fn a_text_with_a_right_checksum_is_no_token_yet() {
        for text in ["", "gcr_", "gc_AAAA", "gcr_AAAA"] {
            assert_eq!(read(&checksummed::seal(text)), None, "{text}");
        }
        let long = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([0; 49]));
        assert_eq!(read(&checksummed::seal(&long)), None);
    }

    #[test]
    fn what_follows_is_told_apart_by_its_purpose() {
        let token = read(&token()).unwrap();
        let (salt, other) = (Salt::new([3; 32]), Salt::new([4; 32]));
        assert_ne!(derive(&token, &salt, "key"), derive(&token, &salt, "refresh"));
        assert_ne!(derive(&token, &salt, "key"), derive(&token, &other, "key"));
    }
}
