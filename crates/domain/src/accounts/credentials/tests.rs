use super::CredentialChange::{
    Deletion, EmailOf, FactorsOf, NewAccount, OwnFactors, OwnPassword, OwnTokens, PasswordOf, ServerAdmin,
    ServerRole, Suspension, Username,
};
use super::*;
use crate::accounts::Scope;
use crate::permissions::{ServerDenial, ServerPermissionSet};
use crate::testing::{
    ME, MockTx, OTHER, assert_hands_faults_on, me, me_provisioned, my_token, needs, rights, rights_with,
};

#[test]
fn who_may_change_what() {
    use AccountRefusal::{CurrentPasswordRequired, InsufficientScope, NotPermitted, ProvisionedKey};
    use ServerPermission::{ManageRoles, ManageUsers, ViewAudit};
    let gives = |set: &[ServerPermission]| ServerRole(Gift::Permissions(ServerPermissionSet::of(set)));
    let (users, roles) = (|| Err(needs(ManageUsers)), || Err(needs(ManageRoles)));
    let admin_only = || Err(NotPermitted(ServerDenial::GivesAdmin));
    let gives_more = || Err(NotPermitted(ServerDenial::GivesMore(ViewAudit)));
    // By a user, somebody who manages users, somebody who manages roles, and a server admin.
    let table = [
        (OwnPassword, [Ok(()), Ok(()), Ok(()), Ok(())]),
        (OwnFactors, [Ok(()), Ok(()), Ok(()), Ok(())]),
        (OwnTokens, [Ok(()), Ok(()), Ok(()), Ok(())]),
        (PasswordOf(ME), [users(), Err(CurrentPasswordRequired), users(), Err(CurrentPasswordRequired)]),
        (PasswordOf(OTHER), [users(), Ok(()), users(), Ok(())]),
        (FactorsOf(ME), [users(), Err(CurrentPasswordRequired), users(), Err(CurrentPasswordRequired)]),
        (FactorsOf(OTHER), [users(), Ok(()), users(), Ok(())]),
        (EmailOf(ME), [users(), Err(CurrentPasswordRequired), users(), Err(CurrentPasswordRequired)]),
        (EmailOf(OTHER), [users(), Ok(()), users(), Ok(())]),
        (Username, [users(), Ok(()), users(), Ok(())]),
        (Suspension, [users(), Ok(()), users(), Ok(())]),
        (NewAccount, [users(), Ok(()), users(), Ok(())]),
        (Deletion, [users(), Ok(()), users(), Ok(())]),
        (ServerAdmin, [users(), admin_only(), users(), Ok(())]),
        (gives(&[ManageRoles]), [roles(), roles(), Ok(()), Ok(())]),
        (gives(&[ViewAudit]), [roles(), roles(), gives_more(), Ok(())]),
        (ServerRole(Gift::Admin), [roles(), roles(), admin_only(), Ok(())]),
    ];
    let actors = [rights(false), rights_with(&[ManageUsers]), rights_with(&[ManageRoles]), rights(true)];
    for (change, outcomes) in table {
        for (rights, outcome) in actors.iter().zip(outcomes) {
            assert_eq!(authorize(&me(), rights, change), outcome, "{change:?} by {rights:?}");
            // What rights forbid a login, they forbid a provisioned key, and that may do nothing else either.
            let provisioned = match outcome {
                Ok(()) | Err(CurrentPasswordRequired) => Err(ProvisionedKey),
                refused => refused,
            };
            assert_eq!(authorize(&me_provisioned(), rights, change), provisioned, "{change:?} by {rights:?}");
            // A token with the same rights changes only what is of others, and gives nothing.
            let is_closed = matches!(
                change,
                OwnPassword
                    | OwnFactors
                    | OwnTokens
                    | PasswordOf(ME)
                    | FactorsOf(ME)
                    | EmailOf(ME)
                    | ServerAdmin
                    | ServerRole(_)
            );
            let by_token = match authorize(&me(), rights, change) {
                Ok(()) | Err(CurrentPasswordRequired) if is_closed => Err(InsufficientScope),
                otherwise => otherwise,
            };
            let token = my_token(Scope::Admin);
            assert_eq!(authorize(&token, rights, change), by_token, "{change:?} by {rights:?}");
        }
    }
}

#[test]
fn current_rights_count() {
    for (is_admin, outcome) in
        [(true, Ok(rights(true))), (false, Err(needs(ServerPermission::ManageUsers).into()))]
    {
        assert_eq!(require(&mut MockTx::new().reads_rights(is_admin), &me(), NewAccount), outcome);
    }
    assert_hands_faults_on(|| MockTx::new().reads_rights(true), |tx| require(tx, &me(), NewAccount));
}
