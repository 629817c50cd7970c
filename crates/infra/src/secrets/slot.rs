//! Where a database finds what encrypts and reads secrets.

use std::sync::{Arc, OnceLock};

use groupchat_domain::secrets::{SealError, Sealed, Sealer};

/// What encrypts and reads the keys of anonymous polls. The server has it only once the database is open, which says what
/// keys it needs; a command of the operator has none.
#[derive(Default)]
pub(crate) struct SealerSlot(OnceLock<Arc<dyn Sealer>>);

impl SealerSlot {
    /// Fills it. Once it is full, it stays as it is.
    pub(crate) fn fill(&self, sealer: Arc<dyn Sealer>) {
        let _ = self.0.set(sealer);
    }
}

impl Sealer for SealerSlot {
    fn seal(&self, context: &str, secret: &[u8]) -> Result<Sealed, SealError> {
        self.0.get().ok_or(SealError::NoKey)?.seal(context, secret)
    }

    fn open(&self, context: &str, sealed: &Sealed) -> Result<Vec<u8>, SealError> {
        self.0.get().ok_or(SealError::NoKey)?.open(context, sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{KeyRing, KeySource, RingSealer, SecretKey};
    use super::*;

    fn sealer() -> Arc<dyn Sealer> {
        let ring = KeyRing::new(vec![SecretKey::generate()]).unwrap();
        Arc::new(RingSealer::new(KeySource::Fixed(ring)).unwrap())
    }

    #[test]
    fn nothing_is_encrypted_until_there_is_a_key_and_the_first_stays() {
        let slot = SealerSlot::default();
        assert_eq!(slot.seal("x", b"secret"), Err(SealError::NoKey));
        slot.fill(sealer());
        let sealed = slot.seal("x", b"secret").unwrap();
        slot.fill(sealer());
        assert_eq!(slot.open("x", &sealed), Ok(b"secret".to_vec()));
    }
}
