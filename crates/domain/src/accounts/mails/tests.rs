use mockall::predicate::eq;

use super::*;
use crate::accounts::{MAX_CONFIRMATIONS, MockApiKeys};
use crate::codes::{MockSecretCodes, SecretCode};
use crate::testing::{ME, MockTx, OTHER, ScriptedStorage, block_on, pending_account, user};

fn reset(user: User, code: &str) -> IssuedReset {
    IssuedReset { user, code: SecretCode::parse(code).unwrap() }
}

#[test]
fn a_mail_has_the_codes_of_all_accounts_with_its_address() {
    let email = user(ME).email;
    let elsewhere = User { email: Email::parse("USER1@example.org").ok(), ..user(OTHER) };
    let mails = reset_mails(
        &[
            reset(user(ME), "00000-11111-22222-33333"),
            reset(elsewhere.clone(), "44444-11111-22222-33333"),
            reset(User { email: email.clone(), ..user(OTHER) }, "55555-11111-22222-33333"),
        ],
        "https://chat.example.org",
    );
    assert_eq!(
        mails.iter().map(|mail| Some(&mail.to)).collect::<Vec<_>>(),
        [email.as_ref(), elsewhere.email.as_ref()]
    );
    let has = |mail: &Mail, text: &str| mail.text.contains(text);
    assert!(has(&mails[0], "    user1\n    00000-11111-22222-33333\n"));
    assert!(has(&mails[0], "    user2\n    55555-11111-22222-33333\n"));
    assert!(has(&mails[0], "https://chat.example.org") && !has(&mails[0], "44444"));
    assert!(has(&mails[1], "44444") && !mails[1].subject.contains('\n'));
}

#[test]
fn the_address_of_a_new_account_gets_a_code_unless_it_has_enough() {
    for (count, mails) in [(0, 1), (MAX_CONFIRMATIONS, 0)] {
        let mut tx = MockTx::new();
        tx.pending_accounts.expect_count().returning(move |_, _| Ok(count));
        tx.pending_accounts.expect_insert().times(mails).returning(|_, _| Ok(()));
        let (storage, keys, mut codes) =
            (ScriptedStorage::new([tx]), MockApiKeys::new(), MockSecretCodes::new());
        codes.expect_issue_code().returning(|| SecretCode::parse("00000-11111-22222-33333").unwrap());
        codes.expect_digest_code().returning(|_| crate::codes::CodeHash::new([1; 32]));
        let ports = MailPorts { storage: &storage, keys: &keys, codes: &codes, site: None };
        let account = Box::new(pending_account());
        let order = MailOrder::ConfirmAccount { account, client: ClientInfo::default() };
        let written = block_on(write_mails(ports, order)).unwrap();
        storage.finish();
        assert_eq!(written.len(), mails);
        for mail in written {
            assert_eq!(mail.to, pending_account().email);
            assert!(mail.text.contains("\n    00000-11111-22222-33333\n"), "{}", mail.text);
        }
    }
}

fn notice(found: Option<User>) -> Vec<Mail> {
    let mut tx = MockTx::new();
    tx.accounts.expect_find().with(eq(ME)).times(1).returning(move |_| Ok(found.clone()));
    let storage = ScriptedStorage::new([tx]);
    let (keys, codes) = (MockApiKeys::new(), MockSecretCodes::new());
    let ports = MailPorts { storage: &storage, keys: &keys, codes: &codes, site: None };
    let order = MailOrder::RefreshReused(ME, ClientInfo::default());
    let mails = block_on(write_mails(ports, order)).unwrap();
    storage.finish();
    mails
}

#[test]
fn a_stolen_session_is_told_to_those_who_have_an_address() {
    let mails = notice(Some(user(ME)));
    assert_eq!((mails.len(), Some(&mails[0].to)), (1, user(ME).email.as_ref()));
    assert!(mails[0].text.contains("user1 at your groupchat server"));
    assert_eq!(notice(None), []);
    assert_eq!(notice(Some(User { email: None, ..user(ME) })), []);
}
