//! What the tests of the use cases share: a transaction made of mocks, a storage that runs commands on such
//! transactions, and entities to put into them.
//!
//! A mock fails on every call that a test did not announce. So a test that announces no call that stores
//! also proves that nothing is stored.

mod accounts;
mod entities;
mod faults;
mod secrets;
mod storage;
mod text;
mod tx;

pub(crate) use accounts::{accept_passwords, accepts_passwords, sealed, totp};
pub(crate) use entities::*;
pub(crate) use faults::{FailingRepository, assert_flow_hands_faults_on, assert_hands_faults_on, fault};
pub(crate) use secrets::{NEWEST_KEY, sealed_with, sealer};
pub(crate) use storage::{Ran, ScriptedStorage, Step, block_on};
pub(crate) use text::any_text;
pub(crate) use tx::{Emitted, FIRST_EVENT, MockTx, sessions_ended, told};
