//! Keys.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use groupchat_domain::secrets::SecretKeyId;
use sha2::{Digest, Sha256};

use crate::accounts::checksummed;
use crate::accounts::keys::random;

/// The prefix of every key, so that people and secret scanners recognize one.
const PREFIX: &str = "gcs_";

/// The most keys of a server: the newest, and old ones that something may still be encrypted with.
pub const MAX_KEYS: usize = 20;

/// A key of 256 bits. Its id follows from it, so that two keys are never taken for each other.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey {
    bytes: [u8; 32],
    id: SecretKeyId,
}

impl SecretKey {
    /// A new random key.
    pub fn generate() -> Self {
        Self::of(random())
    }

    fn of(bytes: [u8; 32]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"groupchat key id");
        hash.update(bytes);
        let [first, second, third, fourth, ..] = <[u8; 32]>::from(hash.finalize());
        let id = SecretKeyId::new(u32::from_be_bytes([first, second, third, fourth]));
        Self { bytes, id }
    }

    /// Reads a key: `gcs_`, the key in base64url (RFC 4648, section 5, unpadded: 43 characters), and a checksum.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(checksummed::open(text)?.strip_prefix(PREFIX)?).ok()?;
        bytes.try_into().ok().map(Self::of)
    }

    /// The key as text.
    pub fn reveal(&self) -> String {
        checksummed::seal(&format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.bytes)))
    }

    /// Its id.
    pub const fn id(&self) -> SecretKeyId {
        self.id
    }

    pub(super) const fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({:08x})", self.id.get())
    }
}

/// The keys of a server. The first one encrypts, and all of them read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRing(Vec<SecretKey>);

impl KeyRing {
    /// A ring of these keys; `None` if there are none, too many, or one twice.
    pub fn new(keys: Vec<SecretKey>) -> Option<Self> {
        let mut ids: Vec<_> = keys.iter().map(SecretKey::id).collect();
        ids.sort_unstable();
        ids.dedup();
        let is_good = !keys.is_empty() && keys.len() <= MAX_KEYS && ids.len() == keys.len();
        is_good.then_some(Self(keys))
    }

    /// Reads keys from these words; `None` if one of them is no key, or the ring is none.
    pub fn parse<'a>(words: impl Iterator<Item = &'a str>) -> Option<Self> {
        Self::new(words.take(MAX_KEYS + 1).map(SecretKey::parse).collect::<Option<_>>()?)
    }

    /// The key that encrypts.
    pub fn newest(&self) -> &SecretKey {
        // There is one, by `new`.
        &self.0[0]
    }

    /// The same with another key, which encrypts from now on; `None` if there are too many.
    #[must_use]
    pub fn with_newest(&self, key: SecretKey) -> Option<Self> {
        Self::new(std::iter::once(key).chain(self.0.iter().cloned()).collect())
    }

    /// The same without all keys but the newest and these.
    #[must_use]
    pub fn retaining(&self, used: &[SecretKeyId]) -> Self {
        let is_kept = |key: &&SecretKey| key.id == self.newest().id || used.contains(&key.id);
        Self(self.0.iter().filter(is_kept).cloned().collect())
    }

    /// All of them.
    pub fn keys(&self) -> &[SecretKey] {
        &self.0
    }

    /// The key with this id.
    pub fn find(&self, id: SecretKeyId) -> Option<&SecretKey> {
        self.0.iter().find(|key| key.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back_and_has_an_id_of_its_own() {
        let key = SecretKey::generate();
        assert_eq!(key.reveal().len(), 4 + 43 + 6);
        assert_eq!(SecretKey::parse(&key.reveal()), Some(key.clone()));
        let other = SecretKey::generate();
        assert!(other != key && other.id() != key.id());
        // It stays the same for ever, since rows are stored with it.
        assert_eq!(SecretKey::of([7; 32]).id(), SecretKeyId::new(869_973_415));
    }

    #[test]
    fn a_mistyped_key_is_none() {
        let text = SecretKey::generate().reveal();
        for at in 0..text.len() {
            assert_eq!(SecretKey::parse(&text[..at]), None);
        }
        for wrong in [format!(" {text}"), text.to_uppercase(), checksummed::seal("gcs_AAAA"), "é".repeat(40)]
        {
            assert_eq!(SecretKey::parse(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_key_is_never_printed() {
        let key = SecretKey::of([7; 32]);
        let printed = format!("{:?}", KeyRing::new(vec![key.clone()]));
        assert!(!printed.contains(&key.reveal()[4..12]) && !printed.contains("7, 7"), "{printed}");
    }

    #[test]
    fn a_ring_has_some_keys_each_once() {
        let keys: Vec<_> = (0..=MAX_KEYS).map(|_| SecretKey::generate()).collect();
        assert!(KeyRing::new(keys[..MAX_KEYS].to_vec()).is_some());
        assert!(KeyRing::new(keys.clone()).is_none());
        assert!(KeyRing::new(Vec::new()).is_none());
        assert!(KeyRing::new(vec![keys[0].clone(), keys[0].clone()]).is_none());
        let ring = KeyRing::new(keys[..2].to_vec()).unwrap();
        assert_eq!((ring.newest(), ring.find(keys[1].id())), (&keys[0], Some(&keys[1])));
        assert_eq!(ring.find(keys[2].id()), None);
        assert!(
            KeyRing::new(keys[..MAX_KEYS].to_vec()).unwrap().with_newest(keys[MAX_KEYS].clone()).is_none()
        );
        assert!(ring.with_newest(keys[0].clone()).is_none(), "twice");
        let more = ring.with_newest(keys[2].clone()).unwrap();
        assert_eq!(more.keys(), [2, 0, 1].map(|nth| keys[nth].clone()));
        assert_eq!(more.retaining(&[]).keys(), [keys[2].clone()], "the newest stays");
        assert_eq!(more.retaining(&[keys[1].id(), keys[9].id()]).keys(), [2, 1].map(|nth| keys[nth].clone()));
    }
}
