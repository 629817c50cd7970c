use super::CredentialChange::{Deletion, NewAccount, OwnPassword, PasswordOf, ServerAdmin, Username};
use super::*;
use crate::testing::{ME, MockTx, OTHER, assert_hands_faults_on, me, me_provisioned};

#[test]
fn who_may_change_what() {
    use AccountRefusal::{AdminOnly, CurrentPasswordRequired, ProvisionedKey};
    // By a login of a user and of a server admin, and by a provisioned key of a user and of one promoted since.
    let table = [
        (OwnPassword, [Ok(()), Ok(()), Err(ProvisionedKey), Err(ProvisionedKey)]),
        (PasswordOf(ME), [Err(AdminOnly), Err(CurrentPasswordRequired), Err(AdminOnly), Err(ProvisionedKey)]),
        (PasswordOf(OTHER), [Err(AdminOnly), Ok(()), Err(AdminOnly), Err(ProvisionedKey)]),
        (Username, [Err(AdminOnly), Ok(()), Err(AdminOnly), Err(ProvisionedKey)]),
        (ServerAdmin, [Err(AdminOnly), Ok(()), Err(AdminOnly), Err(ProvisionedKey)]),
        (NewAccount, [Err(AdminOnly), Ok(()), Err(AdminOnly), Err(ProvisionedKey)]),
        (Deletion, [Err(AdminOnly), Ok(()), Err(AdminOnly), Err(ProvisionedKey)]),
    ];
    let actors = [(me(), false), (me(), true), (me_provisioned(), false), (me_provisioned(), true)];
    for (change, outcomes) in table {
        for ((actor, is_admin), outcome) in actors.iter().zip(outcomes) {
            let kind = actor.session_kind;
            assert_eq!(
                authorize(actor, *is_admin, change),
                outcome,
                "{change:?} by {kind:?}, admin: {is_admin}"
            );
        }
    }
}

#[test]
fn current_rights_count() {
    for (is_admin, outcome) in [(true, Ok(())), (false, Err(AccountRefusal::AdminOnly.into()))] {
        assert_eq!(require(&mut MockTx::new().reads_rights(is_admin), &me(), NewAccount), outcome);
    }
    assert_hands_faults_on(|| MockTx::new().reads_rights(true), |tx| require(tx, &me(), NewAccount));
}
