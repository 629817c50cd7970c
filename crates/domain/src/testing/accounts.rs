//! A hasher that finds every new password good, and one-time passwords.

use crate::accounts::MockPasswordHasher;
use crate::factors::{Totp, UsedSteps};
use crate::ids::UserId;
use crate::secrets::{Sealed, SecretKeyId};
use crate::testing::entities::NOW;
use crate::time::Timestamp;

/// What is stored of a secret.
pub(crate) fn sealed() -> Sealed {
    Sealed { key: SecretKeyId::new(1), bytes: vec![7; 65] }
}

/// The one-time passwords of a user, confirmed or not, of which none was used. Their set-up begins now.
pub(crate) fn totp(user: UserId, confirmed_at: Option<Timestamp>) -> Totp {
    Totp { user, secret: sealed(), created_at: NOW, confirmed_at, used: UsedSteps::default() }
}

pub(crate) fn accepts_passwords() -> MockPasswordHasher {
    let mut hasher = MockPasswordHasher::new();
    accept_passwords(&mut hasher);
    hasher
}

pub(crate) fn accept_passwords(hasher: &mut MockPasswordHasher) {
    hasher.expect_is_easy_to_guess().returning(|_, _, _| Box::pin(async { Ok(false) }));
}
