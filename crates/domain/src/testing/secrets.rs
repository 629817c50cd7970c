//! A sealer that shows what it was asked, and what it has sealed.

use crate::secrets::{MockSealer, SealError, Sealed, SecretKeyId};

/// The newest key.
pub(crate) const NEWEST_KEY: SecretKeyId = SecretKeyId::new(2);

/// What is encrypted with this key.
pub(crate) fn sealed_with(key: u32, bytes: &str) -> Sealed {
    Sealed { key: SecretKeyId::new(key), bytes: bytes.as_bytes().to_vec() }
}

/// Opens what is not damaged with a key that it has, which is any but the ninth, and seals with the newest.
pub(crate) fn sealer() -> MockSealer {
    let mut sealer = MockSealer::new();
    sealer.expect_open().returning(|context, sealed| match (sealed.key.get(), sealed.bytes.as_slice()) {
        (9, _) => Err(SealError::UnknownKey(sealed.key)),
        (_, b"damaged") => Err(SealError::Damaged),
        (_, bytes) => Ok([context.as_bytes(), bytes].concat()),
    });
    sealer.expect_seal().returning(|_, secret| Ok(Sealed { key: NEWEST_KEY, bytes: secret.to_vec() }));
    sealer
}
