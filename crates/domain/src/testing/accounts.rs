//! A hasher that finds every new password good.

use crate::accounts::MockPasswordHasher;

pub(crate) fn accepts_passwords() -> MockPasswordHasher {
    let mut hasher = MockPasswordHasher::new();
    accept_passwords(&mut hasher);
    hasher
}

pub(crate) fn accept_passwords(hasher: &mut MockPasswordHasher) {
    hasher.expect_is_easy_to_guess().returning(|_, _, _| Box::pin(async { Ok(false) }));
}
