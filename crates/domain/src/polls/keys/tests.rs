use mockall::predicate::eq;

use super::*;
use crate::secrets::Sealed;
use crate::testing::{MockTx, NEWEST_KEY as NEWEST, assert_hands_faults_on, sealed_with as sealed, sealer};

fn message(id: i64) -> MessageId {
    MessageId::new(id)
}

fn lists(after: Option<MessageId>, found: Vec<(MessageId, Sealed)>) -> MockTx {
    let mut tx = MockTx::new();
    let secrets = tx.polls.expect_secrets().with(eq(after), eq(SECRETS_AT_ONCE));
    secrets.times(1).returning(move |_, _| Ok(found.clone()));
    tx
}

#[test]
fn keys_are_encrypted_again_if_they_can_be_read() {
    let reseals = || {
        let found =
            vec![(message(1), sealed(1, "a")), (message(2), sealed(2, "b")), (message(3), sealed(9, "c"))];
        let mut tx = lists(None, found);
        let reseal = tx.polls.expect_reseal();
        let reseal = reseal.with(eq(message(1)), eq(sealed(1, "a")), eq(sealed(2, "poll:1a")));
        reseal.times(1).returning(|_, _, _| Ok(true));
        tx
    };
    assert_eq!(reseal_poll_keys(&mut reseals(), &sealer(), NEWEST, None), Ok(None));
    assert_hands_faults_on(reseals, |tx| reseal_poll_keys(tx, &sealer(), NEWEST, None));
}

#[test]
fn what_can_t_be_read_is_counted_and_batches_go_on() {
    let full: Vec<_> = (1..=SECRETS_AT_ONCE).map(|id| (message(id), sealed(1, "a"))).collect();
    let (found, next) =
        check_poll_keys(&mut lists(None, full), &sealer(), None, SecretsCondition::default()).unwrap();
    assert_eq!((found.readable, next), (100, Some(message(SECRETS_AT_ONCE))));
    let rest = || lists(next, vec![(message(200), sealed(1, "damaged")), (message(201), sealed(9, "c"))]);
    let expected = SecretsCondition { readable: 100, without_key: 1, damaged: 1 };
    assert_eq!(check_poll_keys(&mut rest(), &sealer(), next, found), Ok((expected, None)));
    assert_hands_faults_on(rest, |tx| check_poll_keys(tx, &sealer(), next, found));
}
