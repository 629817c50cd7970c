//! What signs people and programs in, after a drill: sessions, tokens and second factors. None of it has a checksum, so
//! nothing may be loosened by what can't be read.

use groupchat_domain::Error;
use groupchat_domain::accounts::{
    Actor, DeviceName, NewSession, PasswordHash, Scope, SessionKind, TokenTerms,
};
use groupchat_domain::audit::{AuditAction, AuditEntry};
use groupchat_domain::factors::{
    CredentialId, CredentialRecord, NewHalfLogin, NewPasskey, PasskeyName, Step, UsedSteps,
};
use groupchat_domain::ids::{SessionId, UserId};
use groupchat_domain::secrets::{Sealed, SecretKeyId};
use groupchat_domain::storage::Tx;
use groupchat_domain::time::Timestamp;

use crate::chat::{Chat, PAGE, Room};
use crate::drill::drill_with;
use crate::support::fixture::{at, key, new_session, session, user};

const NEVER: Timestamp = Timestamp::from_micros(i64::MAX);

/// Issues a token of Bob as the use case does: with an entry in the audit log.
fn issue(tx: &mut dyn Tx, bob: &Actor, number: u8, scope: Scope) -> SessionId {
    let new = NewSession {
        kind: SessionKind::Token(TokenTerms { scope, groups: None }),
        name: DeviceName::parse("backup script").ok(),
        ..new_session(bob.id(), number, NEVER)
    };
    let id = tx.sessions().insert(&new).unwrap();
    let scopes: Vec<_> = scope.contained().map(Scope::as_str).collect();
    let entry = AuditEntry::by(bob, AuditAction::TokenCreated).to(bob.id());
    tx.record(entry.about(id.get()).of_fields(&scopes));
    id
}

/// How many sessions have this key.
fn valid(chat: &Chat, number: u8) -> i64 {
    chat.number(&format!(
        "SELECT count(*) AS number FROM sessions WHERE key_hash = X'{}'",
        format!("{number:02x}").repeat(32)
    ))
}

#[test]
fn what_was_ended_since_the_backup_stays_ended() {
    let drill = drill_with(
        |tx| {
            let bob = Room::again(tx)?.bob;
            issue(tx, &bob, 41, Scope::Write);
            issue(tx, &bob, 42, Scope::Write);
            session(tx, bob.id(), 43, NEVER);
            session(tx, bob.id(), 44, NEVER);
            Ok(())
        },
        |_| Ok(()),
    );
    // Neither the log nor the audit log has to tell of it.
    drill.chat.execute("DELETE FROM sessions WHERE substr(key_hash, 1, 1) IN (X'29', X'2b')");
    drill.salvage();
    assert_eq!([41, 42, 43, 44].map(|number| valid(&drill.chat, number)), [0, 1, 0, 1]);
}

#[test]
fn a_session_with_another_key_and_one_that_cannot_be_read_end() {
    let begin = |tx: &mut dyn Tx| {
        let bob = Room::again(tx)?.bob;
        session(tx, bob.id(), 43, NEVER);
        issue(tx, &bob, 41, Scope::Read);
        Ok(())
    };
    let drill = drill_with(begin, |_| Ok(()));
    // A refresh gave it another key, and a scope that nobody has given.
    drill.chat.execute(
        "UPDATE sessions SET key_hash = zeroblob(32) WHERE substr(key_hash, 1, 1) = X'2b'; \
         UPDATE sessions SET scopes = 'read write admin' WHERE substr(key_hash, 1, 1) = X'29'",
    );
    drill.salvage();
    assert_eq!([43, 41, 0].map(|number| valid(&drill.chat, number)), [0, 0, 0]);

    let drill = drill_with(begin, |_| Ok(()));
    for page in drill.chat.pages("sessions") {
        drill.chat.overwrite(page, &[0; PAGE]);
    }
    let salvaged = drill.salvage();
    assert!(salvaged.damaged > 0, "{salvaged:?}");
    assert_eq!(drill.chat.number("SELECT count(*) AS number FROM sessions"), 0);
}

#[test]
fn tokens_that_were_made_since_come_back_and_sessions_do_not() {
    let drill = drill_with(
        |_| Ok(()),
        |tx| {
            let bob = Room::again(tx)?.bob;
            issue(tx, &bob, 41, Scope::Write);
            issue(tx, &bob, 42, Scope::Read);
            session(tx, bob.id(), 43, NEVER);
            Ok(())
        },
    );
    // Damage, or somebody, has given it more than was given.
    drill.chat.execute("UPDATE sessions SET scopes = 'read write' WHERE substr(key_hash, 1, 1) = X'2a'");
    let salvaged = drill.salvage();
    assert_eq!((salvaged.tokens, salvaged.damaged), (1, 1), "{salvaged:?}");
    assert_eq!([41, 42, 43].map(|number| valid(&drill.chat, number)), [1, 0, 0]);
    let scopes = "SELECT count(*) AS number FROM sessions WHERE kind = 'token' AND scopes = 'read write'";
    assert_eq!(drill.chat.number(scopes), 1);
}

/// A user with all factors: confirmed one-time passwords, a passkey and two recovery codes.
fn secured(tx: &mut dyn Tx, name: &str, number: u8) -> UserId {
    let id = user(tx, name).id;
    let secret = Sealed { key: SecretKeyId::new(7), bytes: vec![number; 65] };
    tx.factors().begin_totp(id, &secret, at(1)).unwrap();
    let used = UsedSteps::default().with(Step(5)).unwrap();
    tx.factors().update_totp(id, Some(at(2)), &used).unwrap();
    tx.factors().replace_recovery_codes(id, &[key(number), key(number + 1)]).unwrap();
    let passkey = NewPasskey {
        user: id,
        credential: CredentialId::new(vec![number; 16]).unwrap(),
        record: CredentialRecord::from_stored("{}".to_owned()),
        name: PasskeyName::parse("phone").unwrap(),
        host: "chat.example.org".to_owned(),
        created_at: at(3),
    };
    tx.passkeys().insert(&passkey).unwrap().unwrap();
    id
}

/// Begins a login that lacks a second factor.
fn half_login(tx: &mut dyn Tx, user: UserId) {
    let half = NewHalfLogin {
        ticket: key(200),
        user,
        proven: PasswordHash::from_stored("hash".to_owned()),
        refresh: false,
        device_name: None,
        expires_at: NEVER,
    };
    tx.half_logins().insert(&half).unwrap();
}

const FACTORS: [&str; 3] = [
    "SELECT count(*) AS number FROM totp WHERE confirmed_at IS NOT NULL AND length(used_steps) = 8",
    "SELECT count(*) AS number FROM passkeys",
    "SELECT count(*) AS number FROM recovery_codes",
];

const SUSPENDED: &str = "SELECT count(*) AS number FROM users WHERE suspended";

fn factors(chat: &Chat) -> [i64; 3] {
    FACTORS.map(|query| chat.number(query))
}

#[test]
fn second_factors_come_back_as_they_were_in_the_end_and_half_logins_end() {
    let drill = drill_with(
        |tx| {
            let old = secured(tx, "old", 50);
            half_login(tx, old);
            Ok(())
        },
        |tx| {
            secured(tx, "new", 60);
            // One that was used up must not work again.
            let old = UserId::new(tx.accounts().find_by_username(&name("old"))?.unwrap().id.get());
            assert!(tx.factors().use_recovery_code(old, &key(50))?);
            Ok(())
        },
    );
    let salvaged = drill.salvage();
    assert_eq!(factors(&drill.chat), [2, 2, 3], "{salvaged:?}");
    assert_eq!(drill.chat.number("SELECT count(*) AS number FROM half_logins"), 0);
    assert_eq!((salvaged.suspended, salvaged.damaged), (0, 0), "{salvaged:?}");
}

fn name(name: &str) -> groupchat_domain::accounts::UsernameKey {
    groupchat_domain::accounts::Username::parse(name).unwrap().key()
}

/// Sets up factors as the use cases do: with entries in the audit log.
fn set_up_since(tx: &mut dyn Tx) -> Result<(), Error> {
    let bob = Room::again(tx)?.bob;
    let new = secured(tx, "new", 60);
    tx.record(AuditEntry::by(&bob, AuditAction::TotpConfirmed).to(new));
    tx.record(AuditEntry::by(&bob, AuditAction::PasskeyRegistered).to(new).about(1));
    Ok(())
}

fn destroy(chat: &Chat, table: &str) {
    for page in chat.pages(table) {
        chat.overwrite(page, &[0; PAGE]);
    }
}

#[test]
fn a_factor_of_which_nothing_is_left_suspends_its_user() {
    // The audit log tells of it, whatever has become of the rows.
    let drill = drill_with(|tx| secured_only(tx, "old", 50), set_up_since);
    destroy(&drill.chat, "totp");
    destroy(&drill.chat, "passkeys");
    let salvaged = drill.salvage();
    assert_eq!((salvaged.suspended, drill.chat.number(SUSPENDED)), (1, 1), "{salvaged:?}");
    assert!(salvaged.damaged > 0, "{salvaged:?}");
    assert_eq!(factors(&drill.chat)[..2], [1, 1], "those of the backup stay");

    let drill = drill_with(|_| Ok(()), set_up_since);
    drill.chat.execute("DELETE FROM totp; DELETE FROM passkeys");
    assert_eq!(drill.salvage().suspended, 1);
}

#[test]
fn one_factor_that_is_left_is_enough() {
    let drill = drill_with(|_| Ok(()), set_up_since);
    destroy(&drill.chat, "totp");
    let salvaged = drill.salvage();
    assert_eq!((salvaged.suspended, factors(&drill.chat)), (0, [0, 1, 2]), "{salvaged:?}");
}

#[test]
fn a_factor_that_was_removed_since_suspends_nobody() {
    let drill = drill_with(
        |_| Ok(()),
        |tx| {
            set_up_since(tx)?;
            let (bob, new) =
                (Room::again(tx)?.bob, tx.accounts().find_by_username(&name("new"))?.unwrap().id);
            tx.record(AuditEntry::by(&bob, AuditAction::FactorsReset).to(new));
            Ok(())
        },
    );
    drill.chat.execute("DELETE FROM totp; DELETE FROM passkeys; DELETE FROM recovery_codes");
    assert_eq!(drill.salvage().suspended, 0);
}

#[test]
fn where_neither_factors_nor_the_audit_log_can_be_read_all_without_one_are_suspended() {
    let drill = drill_with(|tx| secured_only(tx, "old", 50), set_up_since);
    destroy(&drill.chat, "totp");
    destroy(&drill.chat, "passkeys");
    // The last entry: the chain ends before it.
    drill.chat.execute(
        "DROP TRIGGER audit_log_before_update; UPDATE audit_log SET object_id = 99 WHERE action = 'passkey.registered'; \
         UPDATE audit_log SET object_id = 99 WHERE action = 'totp.confirmed'; \
         CREATE TRIGGER audit_log_before_update BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END",
    );
    let people = drill.chat.number("SELECT count(*) AS number FROM users");
    let salvaged = drill.salvage();
    assert_eq!(drill.chat.number(SUSPENDED), people - 1, "{salvaged:?}");
    let theirs = "SELECT count(*) AS number FROM sessions JOIN users ON users.id = user_id WHERE suspended AND kind <> 'token'";
    assert_eq!(drill.chat.number(theirs), 0);
    let who = "SELECT count(*) AS number FROM users WHERE username = 'old' AND NOT suspended";
    assert_eq!(drill.chat.number(who), 1);
}

fn secured_only(tx: &mut dyn Tx, name: &str, number: u8) -> Result<(), Error> {
    secured(tx, name, number);
    Ok(())
}
