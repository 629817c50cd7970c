//! API keys, refresh tokens, tokens of devices, generated passwords and codes of invite links, from the random source of the operating
//! system.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use groupchat_domain::accounts::{
    ApiKeys, IssuedKey, IssuedRefresh, KeyHash, NextPair, Password, RefreshToken, Salt, Secret,
};
use groupchat_domain::codes::{CodeHash, SecretCode, SecretCodes};
use sha2::{Digest, Sha256};

use super::{checksummed, refresh_tokens};

/// The prefix of every key, so that people and secret scanners recognize one.
pub const KEY_PREFIX: &str = "gc_";

/// The prefix of every device's token.
const DEVICE_PREFIX: &str = "gcd_";
/// The prefix of a token.
const TOKEN_PREFIX: &str = "gct_";
/// The prefix of a ticket for a login that lacks a second factor.
const TICKET_PREFIX: &str = "gch_";

/// Digits of base 62 in a token: 43 have 256.03 bits.
const TOKEN_DIGITS: usize = 43;

/// Random bytes in a key.
const KEY_BYTES: usize = 32;

/// Characters of a generated password: lower-case letters and digits without those that look alike
/// (`0 o`, `1 i l`).
const PASSWORD_ALPHABET: &[u8; 31] = b"23456789abcdefghjkmnpqrstuvwxyz";
/// Groups of a generated password, and the characters in one: 24 characters of log2(31) bits, 118 in all.
const PASSWORD_GROUPS: usize = 6;
const PASSWORD_GROUP_LENGTH: usize = 4;

/// Generates keys of the form `gc_` and 256 random bits in base64url (RFC 4648, section 5, unpadded: 43 characters),
/// and hashes them with SHA-256. A fast hash is enough, because a key can't be guessed.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomKeys;

impl ApiKeys for RandomKeys {
    fn issue(&self) -> IssuedKey {
        key_of(random())
    }

    fn issue_login_ticket(&self) -> IssuedKey {
        prefixed(TICKET_PREFIX, random())
    }

    /// `gct_`, 43 digits of base 62, which are at least 256 random bits, and a checksum: `gct_[0-9A-Za-z]{49}`.
    fn issue_token(&self) -> IssuedKey {
        let digits: String = std::iter::repeat_with(random_digit).take(TOKEN_DIGITS).collect();
        let token = checksummed::seal(&format!("{TOKEN_PREFIX}{digits}"));
        IssuedKey { hash: self.digest(&token), secret: Secret::new(token) }
    }

    fn digest(&self, key: &str) -> KeyHash {
        KeyHash::new(Sha256::digest(key).into())
    }

    fn generate_password(&self) -> Password {
        let mut text = String::new();
        for group in 0..PASSWORD_GROUPS {
            if group > 0 {
                text.push('-');
            }
            text.extend(std::iter::repeat_with(random_character).take(PASSWORD_GROUP_LENGTH));
        }
        Password::parse(&text).expect("29 ASCII characters are within the limits of a password")
    }

    fn issue_refresh(&self) -> IssuedRefresh {
        refresh_tokens::issue(random(), random())
    }

    fn read_refresh(&self, token: &str) -> Option<RefreshToken> {
        refresh_tokens::read(token)
    }

    /// `gcd_`, 256 random bits as in a key, and a checksum.
    fn issue_device(&self) -> IssuedKey {
        let token = format!("{DEVICE_PREFIX}{}", URL_SAFE_NO_PAD.encode(random::<KEY_BYTES>()));
        let token = checksummed::seal(&token);
        IssuedKey { hash: self.digest(&token), secret: Secret::new(token) }
    }

    fn read_device(&self, token: &str) -> Option<KeyHash> {
        let is_device = checksummed::open(token)?.starts_with(DEVICE_PREFIX);
        is_device.then(|| self.digest(token))
    }

    fn salt(&self) -> Salt {
        Salt::new(random())
    }

    fn derive(&self, token: &RefreshToken, salt: &Salt) -> NextPair {
        let key = key_of(refresh_tokens::derive(token, salt, "key"));
        let verifier = refresh_tokens::derive(token, salt, "refresh");
        NextPair { key, refresh: refresh_tokens::issue(token.selector, verifier) }
    }
}

impl SecretCodes for RandomKeys {
    fn issue_code(&self) -> SecretCode {
        SecretCode::from_bits(random())
    }

    fn digest_code(&self, code: &SecretCode) -> CodeHash {
        self.digest(code.symbols())
    }
}

/// The key of these bytes.
fn key_of(bytes: [u8; KEY_BYTES]) -> IssuedKey {
    prefixed(KEY_PREFIX, bytes)
}

fn prefixed(prefix: &str, bytes: [u8; KEY_BYTES]) -> IssuedKey {
    let key = format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes));
    IssuedKey { hash: KeyHash::new(Sha256::digest(&key).into()), secret: Secret::new(key) }
}

/// A random character of the alphabet, each equally likely.
fn random_character() -> char {
    loop {
        // Five bits of each byte; the 32nd value has no character and is drawn again.
        let [byte] = random::<1>();
        if let Some(character) = PASSWORD_ALPHABET.get(usize::from(byte & 0b1_1111)) {
            return char::from(*character);
        }
    }
}

/// A random digit of base 62, each equally likely.
fn random_digit() -> char {
    loop {
        // Six bits of each byte; the last two values have no digit and are drawn again.
        let [byte] = random::<1>();
        if let Some(digit) = checksummed::BASE_62.get(usize::from(byte & 0b11_1111)) {
            return char::from(*digit);
        }
    }
}

pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // Fails only where a system has no random source at all, and no key can be made there.
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_key_has_the_prefix_and_256_bits_and_digests_to_its_hash() {
        let key = RandomKeys.issue();
        let encoded = key.secret.reveal().strip_prefix("gc_").unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(encoded).unwrap().len(), 32);
        assert_eq!(RandomKeys.digest(key.secret.reveal()), key.hash);
    }

    #[test]
    fn a_digest_is_sha_256() {
        // The example "abc" of FIPS 180-2, appendix B.1.
        let expected = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0";
        assert_eq!(URL_SAFE_NO_PAD.encode(RandomKeys.digest("abc").as_bytes()), expected);
    }

    #[test]
    fn no_two_keys_or_passwords_are_alike() {
        let keys: HashSet<_> = (0..100).map(|_| RandomKeys.issue().hash).collect();
        let passwords: HashSet<_> =
            (0..100).map(|_| RandomKeys.generate_password().reveal().to_owned()).collect();
        assert_eq!((keys.len(), passwords.len()), (100, 100));
    }

    #[test]
    fn what_follows_a_token_follows_from_it_and_the_salt() {
        let first = RandomKeys.issue_refresh();
        let token = RandomKeys.read_refresh(first.secret.reveal()).unwrap();
        assert_eq!(token.hashes, first.hashes);
        let (salt, other) = (RandomKeys.salt(), RandomKeys.salt());
        let [next, again, otherwise] = [salt, salt, other].map(|salt| RandomKeys.derive(&token, &salt));
        assert_eq!(next.key.secret, again.key.secret);
        assert_eq!(next.refresh.secret, again.refresh.secret);
        assert_ne!(next.key.secret, otherwise.key.secret);
        assert_ne!(next.refresh.secret, otherwise.refresh.secret);
        assert_eq!(RandomKeys.digest(next.key.secret.reveal()), next.key.hash);
        assert!(next.key.secret.reveal().starts_with("gc_") && next.key.secret.reveal().len() == 46);
        // All tokens of a session have its selector.
        let next = RandomKeys.read_refresh(next.refresh.secret.reveal()).unwrap();
        assert_eq!(next.selector, token.selector);
        assert_ne!(next.verifier, token.verifier);
    }

    #[test]
    fn codes_differ_and_are_hashed_without_hyphens() {
        let codes: HashSet<_> = (0..100).map(|_| RandomKeys.issue_code().reveal()).collect();
        assert_eq!(codes.len(), 100);
        let code = RandomKeys.issue_code();
        let typed = SecretCode::parse(&code.reveal().to_lowercase()).unwrap();
        assert_eq!(RandomKeys.digest_code(&typed), RandomKeys.digest_code(&code));
        assert_eq!(RandomKeys.digest_code(&code), RandomKeys.digest(&code.reveal().replace('-', "")));
    }

    #[test]
    fn a_device_has_a_token_of_its_own_and_no_other_token_is_one() {
        let [device, other] = [RandomKeys.issue_device(), RandomKeys.issue_device()];
        assert_ne!(device.hash, other.hash);
        let token = device.secret.reveal();
        assert!(token.starts_with("gcd_") && token.len() == 4 + 43 + 6, "{token}");
        assert_eq!(RandomKeys.read_device(token), Some(device.hash));
        let refresh = RandomKeys.issue_refresh().secret;
        let key = RandomKeys.issue().secret;
        for no_device in ["", "gcd_", &token[..52], &token.to_uppercase(), refresh.reveal(), key.reveal()] {
            assert_eq!(RandomKeys.read_device(no_device), None, "{no_device}");
        }
    }

    #[test]
    fn a_scanner_knows_a_token_by_its_form_and_its_checksum() {
        let tokens: HashSet<_> =
            (0..100).map(|_| RandomKeys.issue_token().secret.reveal().to_owned()).collect();
        assert_eq!(tokens.len(), 100);
        for token in tokens {
            // gct_[0-9A-Za-z]{49}
            let rest = token.strip_prefix("gct_").unwrap();
            assert!(rest.len() == 49 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{token}");
            assert_eq!(checksummed::open(&token), Some(&token[..47]));
            assert_eq!(RandomKeys.read_device(&token), None);
        }
        let token = RandomKeys.issue_token();
        assert_eq!(RandomKeys.digest(token.secret.reveal()), token.hash);
    }

    #[test]
    fn a_password_has_over_100_bits_in_readable_groups() {
        let bits = (PASSWORD_ALPHABET.len() as f64).log2() * (PASSWORD_GROUPS * PASSWORD_GROUP_LENGTH) as f64;
        assert!(bits >= 100.0, "{bits}");
        let password = RandomKeys.generate_password();
        let groups: Vec<_> = password.reveal().split('-').collect();
        assert_eq!(groups.len(), PASSWORD_GROUPS);
        assert!(groups.iter().all(|group| group.len() == PASSWORD_GROUP_LENGTH));
        assert!(groups.concat().bytes().all(|b| PASSWORD_ALPHABET.contains(&b)), "{groups:?}");
    }
}
