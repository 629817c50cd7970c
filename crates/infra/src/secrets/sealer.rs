//! Encrypts secrets: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), whose nonces are long enough to be drawn at random.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use groupchat_domain::secrets::{SealError, Sealed, Sealer, SecretKeyId};

use super::file::{KeyFileError, read_key_file};
use super::key::{KeyRing, SecretKey};
use crate::accounts::keys::random;

/// How what is stored begins: the form that follows, which is a nonce and a box.
const VERSION: u8 = 1;
const NONCE: usize = 24;

/// Where the keys come from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// There are none.
    Nowhere,
    /// From the configuration.
    Fixed(KeyRing),
    /// From this file, which a command may change at any time.
    File(PathBuf),
}

/// Encrypts with the keys of a source. A file is read again when it has changed, or a secret is encrypted with a key that
/// wasn't in it.
#[derive(Debug)]
pub struct RingSealer {
    source: KeySource,
    loaded: RwLock<Loaded>,
}

#[derive(Debug, Clone, Default)]
struct Loaded {
    ring: Option<Arc<KeyRing>>,
    stamp: Option<Stamp>,
}

/// What tells that a file has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    length: u64,
    #[cfg(unix)]
    inode: u64,
}

impl RingSealer {
    /// With the keys that the source has now. A file that isn't there yet may come later.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn new(source: KeySource) -> Result<Self, KeyFileError> {
        let loaded = match &source {
            KeySource::Nowhere => Loaded::default(),
            KeySource::Fixed(ring) => Loaded { ring: Some(Arc::new(ring.clone())), stamp: None },
            KeySource::File(path) => {
                let stamp = stamp(path);
                Loaded { ring: read_key_file(path)?.map(Arc::new), stamp }
            }
        };
        Ok(Self { source, loaded: RwLock::new(loaded) })
    }

    /// The keys, as they were read last.
    pub fn ring(&self) -> Option<Arc<KeyRing>> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).ring.clone()
    }

    /// The keys, as they are now.
    fn current(&self) -> Option<Arc<KeyRing>> {
        let KeySource::File(path) = &self.source else { return self.ring() };
        let now = stamp(path);
        let before = self.loaded.read().unwrap_or_else(PoisonError::into_inner).clone();
        if now == before.stamp {
            return before.ring;
        }
        match read_key_file(path) {
            Ok(Some(ring)) => {
                let loaded = Loaded { ring: Some(Arc::new(ring)), stamp: now };
                *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = loaded.clone();
                loaded.ring
            }
            // What was there goes on: a file that is gone or broken for a moment locks nobody out.
            Ok(None) => before.ring,
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "the server's keys stay those of before");
                before.ring
            }
        }
    }

    fn find(&self, id: SecretKeyId) -> Result<SecretKey, SealError> {
        let known = |ring: Option<Arc<KeyRing>>| ring.map(|ring| ring.find(id).cloned());
        match known(self.ring()) {
            Some(Some(key)) => Ok(key),
            _ => known(self.current()).ok_or(SealError::NoKey)?.ok_or(SealError::UnknownKey(id)),
        }
    }
}

fn stamp(path: &std::path::Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some(Stamp {
        modified: metadata.modified().ok()?,
        length: metadata.len(),
        #[cfg(unix)]
        inode: std::os::unix::fs::MetadataExt::ino(&metadata),
    })
}

impl Sealer for RingSealer {
    fn seal(&self, context: &str, secret: &[u8]) -> Result<Sealed, SealError> {
        let ring = self.current().ok_or(SealError::NoKey)?;
        let (key, nonce) = (ring.newest(), random::<NONCE>());
        let payload = Payload { msg: secret, aad: context.as_bytes() };
        let cipher = XChaCha20Poly1305::new(key.bytes().into());
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).expect("a short text");
        Ok(Sealed { key: key.id(), bytes: [&[VERSION][..], &nonce, &sealed].concat() })
    }

    fn open(&self, context: &str, sealed: &Sealed) -> Result<Vec<u8>, SealError> {
        let key = self.find(sealed.key)?;
        let (version, rest) = sealed.bytes.split_first().ok_or(SealError::Damaged)?;
        let (nonce, msg) = rest.split_first_chunk::<NONCE>().ok_or(SealError::Damaged)?;
        if *version != VERSION {
            return Err(SealError::Damaged);
        }
        let payload = Payload { msg, aad: context.as_bytes() };
        let cipher = XChaCha20Poly1305::new(key.bytes().into());
        cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| SealError::Damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::write_key_file;
    use super::*;

    fn ring(keys: &[&SecretKey]) -> KeyRing {
        KeyRing::new(keys.iter().map(|key| (*key).clone()).collect()).unwrap()
    }

    fn fixed(keys: &[&SecretKey]) -> RingSealer {
        RingSealer::new(KeySource::Fixed(ring(keys))).unwrap()
    }

    #[test]
    fn a_secret_is_read_back_in_its_context_only() {
        let sealer = fixed(&[&SecretKey::generate()]);
        let sealed = sealer.seal("totp:7", b"secret").unwrap();
        assert!(sealed.bytes.len() <= Sealed::MAX_BYTES);
        assert_eq!(sealer.open("totp:7", &sealed), Ok(b"secret".to_vec()));
        assert_eq!(sealer.open("totp:8", &sealed), Err(SealError::Damaged));
        assert_ne!(sealer.seal("totp:7", b"secret").unwrap(), sealed, "each has a nonce of its own");
    }

    #[test]
    fn any_change_is_noticed() {
        let sealer = fixed(&[&SecretKey::generate()]);
        let sealed = sealer.seal("totp:7", b"secret").unwrap();
        for at in 0..sealed.bytes.len() {
            let mut changed = sealed.clone();
            changed.bytes[at] ^= 1;
            assert_eq!(sealer.open("totp:7", &changed), Err(SealError::Damaged), "{at}");
            changed.bytes.truncate(at);
            assert_eq!(sealer.open("totp:7", &changed), Err(SealError::Damaged), "{at}");
        }
    }

    #[test]
    fn the_newest_key_encrypts_and_old_ones_read() {
        let (old, new) = (SecretKey::generate(), SecretKey::generate());
        let before = fixed(&[&old]).seal("x", b"secret").unwrap();
        let both = fixed(&[&new, &old]);
        assert_eq!(both.open("x", &before), Ok(b"secret".to_vec()));
        assert_eq!(both.seal("x", b"secret").unwrap().key, new.id());
        assert_eq!(fixed(&[&new]).open("x", &before), Err(SealError::UnknownKey(old.id())));
    }

    #[test]
    fn without_keys_nothing_is_encrypted() {
        let none = RingSealer::new(KeySource::Nowhere).unwrap();
        assert_eq!(none.seal("x", b"secret"), Err(SealError::NoKey));
        let sealed = fixed(&[&SecretKey::generate()]).seal("x", b"secret").unwrap();
        assert_eq!(none.open("x", &sealed), Err(SealError::NoKey));
    }

    #[test]
    fn a_file_is_read_again_when_it_has_changed_and_never_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.key");
        let sealer = RingSealer::new(KeySource::File(path.clone())).unwrap();
        assert_eq!(sealer.seal("x", b"secret"), Err(SealError::NoKey));
        let (old, new) = (SecretKey::generate(), SecretKey::generate());
        write_key_file(&path, &ring(&[&old])).unwrap();
        let before = sealer.seal("x", b"secret").unwrap();
        assert_eq!(before.key, old.id());
        // Another server has the new key already.
        write_key_file(&path, &ring(&[&new, &old])).unwrap();
        let elsewhere = fixed(&[&new]).seal("x", b"secret").unwrap();
        assert_eq!(sealer.open("x", &elsewhere), Ok(b"secret".to_vec()));
        assert_eq!(sealer.seal("x", b"secret").unwrap().key, new.id());
        for broken in ["nonsense", ""] {
            std::fs::write(&path, broken).unwrap();
            assert_eq!(sealer.open("x", &before), Ok(b"secret".to_vec()));
            assert!(sealer.seal("x", b"secret").is_ok());
        }
        std::fs::remove_file(&path).unwrap();
        assert!(sealer.seal("x", b"secret").is_ok() && sealer.open("x", &before).is_ok());
    }
}
