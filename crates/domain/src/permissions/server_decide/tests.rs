use super::*;
use crate::permissions::ServerPermission::{CreateGroups, ManageGroups, ManageRoles, ManageUsers, ViewAudit};

const ADMIN: ServerRights = ServerRights { is_admin: true, ..ServerRights::NONE };

fn with(own: &[ServerPermission]) -> ServerRights {
    let everybodys = ServerPermissionSet::EVERYBODYS;
    ServerRights { is_admin: false, everybodys, own: ServerPermissionSet::of(own) }
}

fn denied(who: &ServerRights, permission: ServerPermission, scope: &ServerScope) -> Option<ServerDenial> {
    match decide_server(who, permission, scope) {
        ServerDecision::Allowed(_) => None,
        ServerDecision::Denied(denial) => Some(denial),
    }
}

/// What each of four users may do, as it was reviewed: an admin, somebody with one role, everybody, and an account
/// that is gone.
#[test]
fn the_table_that_was_reviewed() {
    let users = [ADMIN, with(&[ManageGroups]), with(&[]), ServerRights::NONE];
    for (permission, reviewed) in [
        (CreateGroups, "aee "),
        (ServerPermission::CreatePrivateGroups, "aee "),
        (ServerPermission::StartDirect, "aee "),
        (ServerPermission::InviteUsers, "a   "),
        (ManageUsers, "a   "),
        (ManageGroups, "ar  "),
        (ManageRoles, "a   "),
        (ViewAudit, "a   "),
        (ServerPermission::ManageServer, "a   "),
    ] {
        let decided: String = users
            .iter()
            .map(|who| match decide_server(who, permission, &ServerScope::NOBODY) {
                ServerDecision::Allowed(ServerGrant::Admin) => 'a',
                ServerDecision::Allowed(ServerGrant::Role) => 'r',
                ServerDecision::Allowed(ServerGrant::Everybody) => 'e',
                ServerDecision::Denied(denial) => {
                    assert_eq!(denial, ServerDenial::Lacks(permission));
                    ' '
                }
            })
            .collect();
        assert_eq!(decided, reviewed, "{permission:?}");
    }
}

#[test]
fn what_is_taken_from_everybody_is_not_taken_from_admins() {
    let (admin, other) = (ADMIN, ServerRights::NONE);
    assert_eq!(denied(&admin, CreateGroups, &ServerScope::NOBODY), None);
    assert_eq!(denied(&other, CreateGroups, &ServerScope::NOBODY), Some(ServerDenial::Lacks(CreateGroups)));
}

#[test]
fn nobody_touches_somebody_who_may_do_more() {
    let manager = with(&[ManageUsers]);
    for (target, denial) in [
        (with(&[]), None),
        (manager, None),
        (with(&[ManageUsers, ViewAudit]), Some(ServerDenial::TargetMay(ViewAudit))),
        (ADMIN, Some(ServerDenial::TargetIsAdmin)),
    ] {
        let scope = ServerScope::NOBODY.over(target);
        assert_eq!(denied(&manager, ManageUsers, &scope), denial, "{target:?}");
        assert_eq!(denied(&ADMIN, ManageUsers, &scope), None, "{target:?}");
    }
}

#[test]
fn nobody_gives_what_they_lack() {
    let manager = with(&[ManageRoles, ManageGroups]);
    let permissions = |given: &[ServerPermission]| Gift::Permissions(ServerPermissionSet::of(given));
    for (gift, denial) in [
        (permissions(&[]), None),
        (permissions(&[ManageRoles, CreateGroups]), None),
        (permissions(&[ManageGroups, ViewAudit]), Some(ServerDenial::GivesMore(ViewAudit))),
        (Gift::Admin, Some(ServerDenial::GivesAdmin)),
    ] {
        let scope = ServerScope::NOBODY.giving(gift);
        assert_eq!(denied(&manager, ManageRoles, &scope), denial, "{gift:?}");
        assert_eq!(denied(&ADMIN, ManageRoles, &scope), None, "{gift:?}");
    }
    // All permissions together don't make an admin.
    let all = ServerRights { own: ServerPermissionSet::ALL, ..with(&[]) };
    let scope = ServerScope::NOBODY.giving(Gift::Admin);
    assert_eq!(denied(&all, ManageUsers, &scope), Some(ServerDenial::GivesAdmin));
}

#[test]
fn every_reason_is_a_sentence_and_has_a_stable_name() {
    for (decision, name, text) in [
        (ServerDecision::Allowed(ServerGrant::Admin), "admin", "server admins may do everything"),
        (ServerDecision::Allowed(ServerGrant::Role), "role", "a role on the server allows it"),
        (ServerDecision::Allowed(ServerGrant::Everybody), "everybody", "every user may do this"),
        (
            ServerDecision::Denied(ServerDenial::Lacks(ManageUsers)),
            "role",
            "this takes a role on the server with the permission manage_users",
        ),
        (
            ServerDecision::Denied(ServerDenial::TargetIsAdmin),
            "role",
            "only a server admin may do this to a server admin",
        ),
        (
            ServerDecision::Denied(ServerDenial::TargetMay(ViewAudit)),
            "role",
            "the user has the permission view_audit, which you lack",
        ),
        (
            ServerDecision::Denied(ServerDenial::GivesAdmin),
            "role",
            "only a server admin may decide who is one",
        ),
        (
            ServerDecision::Denied(ServerDenial::GivesMore(ViewAudit)),
            "role",
            "the role has the permission view_audit, which you lack",
        ),
    ] {
        assert_eq!((decision.reason(), decision.to_string().as_str()), (name, text));
    }
}
