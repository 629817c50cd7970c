//! Second factors: their repositories, one-time passwords, recovery codes, QR codes, and the ceremonies of passkeys.

pub mod codes;
mod half_logins;
mod passkeys;
mod repository;
pub mod webauthn;
