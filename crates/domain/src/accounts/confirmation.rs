//! Codes by which people who sign up show that an e-mail address is theirs.

use std::time::Duration;

use crate::accounts::model::Email;
use crate::accounts::pending_account::{NewPendingAccount, PendingAccount};
use crate::accounts::session::ClientInfo;
use crate::codes::{CodeHash, SecretCode, SecretCodes};
use crate::error::Error;
use crate::storage::{Access, Caller, Mode, Storage, Tx};
use crate::time::{Span, Timestamp};

/// How long a code is valid.
pub const CONFIRMATION_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// For how many accounts there are codes for one address at a time, so that nobody fills somebody's mailbox.
pub const MAX_CONFIRMATIONS: u32 = 3;

/// How many accounts wait for a code at most. The latest ones stay.
pub const MAX_PENDING_ACCOUNTS: u32 = 10_000;

/// How far the clock of the server that issued a code may be ahead of the one that takes it.
const SKEW: Duration = Duration::from_secs(60);

/// Old codes that one command removes.
const REMOVE_BATCH: i64 = 500;

/// When a valid code can expire. One that expires later than any valid one was issued by a clock that was ahead.
pub(crate) fn valid_span(now: Timestamp) -> Span {
    Span { after: now, until: now.plus(CONFIRMATION_LIFETIME + SKEW) }
}

/// Stores an account and issues the code for it, unless there are enough codes for its address.
///
/// # Errors
/// Busy, or a fault.
pub(super) async fn issue_confirmation(
    storage: &dyn Storage,
    codes: &dyn SecretCodes,
    account: PendingAccount,
    client: &ClientInfo,
) -> Result<Option<SecretCode>, Error> {
    let code = codes.issue_code();
    let hash = codes.digest_code(&code);
    let access = Access { mode: Mode::Write, caller: Caller::Network(client.network()) };
    let is_stored = storage.run(access, move |tx| store(tx, &account, hash)).await?;
    Ok(is_stored.then_some(code))
}

fn store(tx: &mut dyn Tx, account: &PendingAccount, code: CodeHash) -> Result<bool, Error> {
    let now = tx.now();
    if count_valid(tx, &account.email, now)? >= MAX_CONFIRMATIONS {
        return Ok(false);
    }
    let account = account.clone();
    let pending =
        NewPendingAccount { account, code, created_at: now, expires_at: now.plus(CONFIRMATION_LIFETIME) };
    tx.pending_accounts().insert(&pending, MAX_PENDING_ACCOUNTS)?;
    Ok(true)
}

/// Those of a clock that was ahead don't count: nobody knows how long ago they were issued.
fn count_valid(tx: &mut dyn Tx, email: &Email, now: Timestamp) -> Result<u32, Error> {
    let lately = Span { after: now.minus(CONFIRMATION_LIFETIME), until: now.plus(SKEW) };
    Ok(tx.pending_accounts().count(email, lately)?)
}

/// Removes a batch of accounts whose codes have expired. Returns whether there may be more.
///
/// # Errors
/// A fault.
pub fn remove_old_pending_accounts(tx: &mut dyn Tx) -> Result<bool, Error> {
    // Keeps those that a server whose clock is slightly behind still takes.
    let before = tx.now().minus(CONFIRMATION_LIFETIME + SKEW);
    let removed = tx.pending_accounts().remove_old(before, REMOVE_BATCH)?;
    Ok(i64::try_from(removed).unwrap_or(REMOVE_BATCH) >= REMOVE_BATCH)
}

#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::*;
    use crate::codes::MockSecretCodes;
    use crate::testing::{MockTx, NOW, ScriptedStorage, assert_hands_faults_on, block_on, pending_account};

    const CODE: CodeHash = CodeHash::new([9; 32]);

    fn with_codes(count: u32) -> MockTx {
        let mut tx = MockTx::new();
        let lately = Span { after: NOW.minus(CONFIRMATION_LIFETIME), until: NOW.plus(SKEW) };
        let counted = tx.pending_accounts.expect_count().with(eq(pending_account().email), eq(lately));
        counted.returning(move |_, _| Ok(count));
        tx
    }

    fn stores() -> MockTx {
        let mut tx = with_codes(MAX_CONFIRMATIONS - 1);
        let pending = NewPendingAccount {
            account: pending_account(),
            code: CODE,
            created_at: NOW,
            expires_at: NOW.plus(CONFIRMATION_LIFETIME),
        };
        let stored = tx.pending_accounts.expect_insert().with(eq(pending), eq(MAX_PENDING_ACCOUNTS));
        stored.times(1).returning(|_, _| Ok(()));
        tx
    }

    #[test]
    fn an_address_gets_a_few_codes() {
        for (tx, is_issued) in [(stores(), true), (with_codes(MAX_CONFIRMATIONS), false)] {
            let mut codes = MockSecretCodes::new();
            codes.expect_issue_code().returning(|| SecretCode::from_bits([7; 20]));
            codes.expect_digest_code().returning(|_| CODE);
            let storage = ScriptedStorage::new([tx]);
            let client = ClientInfo::default();
            let issued = block_on(issue_confirmation(&storage, &codes, pending_account(), &client));
            assert_eq!(issued.unwrap().is_some(), is_issued);
            storage.finish();
        }
        assert_hands_faults_on(stores, |tx| store(tx, &pending_account(), CODE));
    }

    #[test]
    fn accounts_that_nobody_confirmed_go_in_batches() {
        for (removed, more) in [(500, true), (499, false)] {
            let mut tx = MockTx::new();
            let before = NOW.minus(CONFIRMATION_LIFETIME + SKEW);
            let old = tx.pending_accounts.expect_remove_old().with(eq(before), eq(REMOVE_BATCH));
            old.times(1).returning(move |_, _| Ok(removed));
            assert_eq!(remove_old_pending_accounts(&mut tx), Ok(more));
        }
    }
}
