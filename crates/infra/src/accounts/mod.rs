//! Accounts: their repositories, password hashes, keys, limits on sign-ins, and when keys were last used.

pub(crate) mod acting;
pub mod attempts;
mod blocks;
pub(crate) mod checksummed;
mod export;
pub(crate) mod families;
pub mod hasher;
pub mod journal;
pub(crate) mod key_activity;
pub mod keys;
mod known_devices;
mod known_networks;
pub(crate) mod password_resets;
mod pending_accounts;
mod refresh_tokens;
pub(crate) mod repository;
mod sessions;
mod tickets;
mod tokens;
