//! A sealer that encrypts nothing.

use groupchat_domain::secrets::{SealError, Sealed, Sealer, SecretKeyId};

/// Encrypts nothing, in the same form as the ports of the simulation.
pub(crate) struct Plain;

impl Sealer for Plain {
    fn seal(&self, context: &str, secret: &[u8]) -> Result<Sealed, SealError> {
        Ok(Sealed { key: SecretKeyId::new(1), bytes: [context.as_bytes(), b"|", secret].concat() })
    }

    fn open(&self, context: &str, sealed: &Sealed) -> Result<Vec<u8>, SealError> {
        let secret = sealed.bytes.strip_prefix(context.as_bytes()).and_then(|rest| rest.strip_prefix(b"|"));
        secret.map(<[u8]>::to_vec).ok_or(SealError::Damaged)
    }
}
