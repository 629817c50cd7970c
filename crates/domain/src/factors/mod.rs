//! Second factors: one-time passwords (TOTP, RFC 6238), passkeys (WebAuthn) and recovery codes.

mod ceremony;
mod error;
mod find;
mod half_login;
mod held;
mod keys;
mod manage;
mod model;
mod passkey;
mod passkeys;
mod ports;
mod proven;
mod recovery;
mod repository;
mod set_up;
#[cfg(test)]
pub(crate) mod testing;
mod verify;

#[cfg(test)]
pub(crate) use ceremony::MockCeremonies;
pub use ceremony::{
    Asserted, CEREMONY_LIFETIME, CEREMONY_SKEW, Ceremonies, Ceremony, CeremonyError, PasskeyOwner, Purpose,
    ShownCeremony, Terms,
};
pub use error::FactorRefusal;
pub use find::{Factors, find_factors};
pub use half_login::{
    HALF_LOGIN_LIFETIME, HalfLogin, MAX_HALF_LOGINS, MAX_WRONG_CODES, NewHalfLogin,
    remove_expired_half_logins,
};
pub(crate) use half_login::{asked_of, begin_half_login, count_wrong_code, valid_span};
pub use keys::{SecretsCondition, check_secrets, keys_in_use, reseal_secrets};
pub use manage::{disable_totp, renew_recovery_codes};
pub use model::{
    FactorMethod, Passcode, RECOVERY_CODES, RecoveryCode, Step, Totp, TotpSecret, TypedCode, UsedSteps,
};
pub use passkey::{
    CredentialId, CredentialRecord, MAX_PASSKEYS, NewPasskey, Passkey, PasskeyName, StoredPasskey,
};
pub(crate) use passkeys::use_passkey;
pub use passkeys::{
    PasskeyPorts, begin_passkey, passkeys_elsewhere, register_passkey, remove_passkey, rename_passkey,
};
pub use ports::{FactorCodes, FactorPorts};
pub use proven::Proof;
pub(crate) use proven::do_proven;
pub use repository::{FactorRepository, HalfLoginRepository, PasskeyRepository};
#[cfg(test)]
pub(crate) use repository::{MockFactorRepository, MockHalfLoginRepository, MockPasskeyRepository};
pub use set_up::{SET_UP_LIFETIME, TotpSetUp, confirm_totp, set_up_totp};
pub(crate) use verify::{Checked, Verifier, limited, verify_code};
