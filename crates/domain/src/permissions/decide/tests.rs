use super::*;
use crate::permissions::{BuiltInRole, PermissionSet, RoleDefinition, RoleName};

/// A group that everybody signed in may see.
const OPEN: Scope<'_> = Scope {
    is_open: true,
    is_direct: false,
    is_closed: false,
    is_archived: false,
    slow_mode: None,
    target: None,
    gift: None,
};
/// One that only its members may see.
const PRIVATE: Scope<'_> = Scope { is_open: false, ..OPEN };

fn built_in(role: BuiltInRole) -> Role {
    Role::unchanged(role, false)
}

/// A role that a group has defined.
fn custom(rank: i64, permissions: &[GroupPermission]) -> Role {
    let definition = RoleDefinition {
        rank: Rank::from_stored(rank).unwrap(),
        permissions: PermissionSet::of(permissions),
    };
    Role::resolve(RoleName::parse("Teacher").unwrap(), Some(definition), false).unwrap()
}

const fn member(role: &Role) -> Who<'_> {
    Who::with_role(Some(role))
}

const OUTSIDER: Who<'_> = Who::with_role(None);
const SERVER_ADMIN: Who<'_> = Who::with_role(None).managing(true);

#[test]
fn a_member_may_do_what_the_role_allows_and_learns_what_it_lacks() {
    for (role, permission) in
        BuiltInRole::ALL.into_iter().flat_map(|role| GroupPermission::ALL.iter().map(move |p| (role, *p)))
    {
        let role = built_in(role);
        let expected = if role.permissions.contains(permission) {
            Decision::Allowed(Grant::Role)
        } else {
            Decision::Denied(Denial::Role(Shortfall::Lacks(permission)))
        };
        for scope in [OPEN, PRIVATE] {
            assert_eq!(decide(&member(&role), permission, &scope), expected, "{role:?} {permission:?}");
        }
    }
}

#[test]
fn others_may_only_see_an_open_group() {
    for &permission in GroupPermission::ALL {
        let is_seen = permission == GroupPermission::View;
        let expected =
            if is_seen { Decision::Allowed(Grant::Open) } else { Decision::Denied(Denial::NotMember) };
        assert_eq!(decide(&OUTSIDER, permission, &OPEN), expected, "{permission:?}");
        assert_eq!(decide(&OUTSIDER, permission, &PRIVATE), Decision::Denied(Denial::NotMember));
    }
}

#[test]
fn who_is_banned_learns_it_where_others_learn_that_they_are_no_members() {
    let until = Some(Timestamp::from_micros(7));
    let term = BanTerm { until };
    for &permission in GroupPermission::ALL {
        for (who, scope) in [(OUTSIDER, OPEN), (OUTSIDER, PRIVATE), (SERVER_ADMIN, PRIVATE)] {
            let before = decide(&who, permission, &scope);
            let expected = match before {
                Decision::Denied(Denial::NotMember) => Decision::Denied(Denial::Banned(term)),
                other => other,
            };
            let banned = decide(&who.banned(Some(term)), permission, &scope);
            assert_eq!(banned, expected, "{permission:?}");
            assert_eq!(banned.until(), if banned == before { None } else { until });
        }
    }
}

#[test]
fn server_admins_manage_every_group_but_neither_read_nor_write() {
    for &permission in GroupPermission::ALL {
        let expected = match permission.is_managed() {
            true => Decision::Allowed(Grant::ManagesGroups),
            false => Decision::Denied(Denial::NotMember),
        };
        assert_eq!(decide(&SERVER_ADMIN, permission, &PRIVATE), expected, "{permission:?}");
    }
    let role = built_in(BuiltInRole::Member);
    let inside = member(&role).managing(true);
    let decision = |permission| decide(&inside, permission, &OPEN);
    assert_eq!(decision(GroupPermission::Send), Decision::Allowed(Grant::Role));
    assert_eq!(decision(GroupPermission::EditGroup), Decision::Allowed(Grant::ManagesGroups));
    let lacks = Denial::Role(Shortfall::Lacks(GroupPermission::DeleteAny));
    assert_eq!(decision(GroupPermission::DeleteAny), Decision::Denied(lacks));
}

#[test]
fn nobody_acts_on_the_same_or_a_higher_rank_except_owners_among_themselves() {
    let remove = |own: &Role, target: &Role| {
        decide(&member(own), GroupPermission::RemoveMembers, &OPEN.over(target.title.rank))
    };
    let [readonly, plain, admin, owner] = BuiltInRole::ALL.map(built_in);
    let helper = custom(49, &[GroupPermission::RemoveMembers]);
    for target in [&readonly, &plain, &helper] {
        assert!(remove(&admin, target).is_allowed(), "{target:?}");
    }
    for (own, target) in [(&admin, &admin), (&admin, &owner), (&helper, &helper), (&helper, &admin)] {
        let outranked = Decision::Denied(Denial::Role(Shortfall::Outranked));
        assert_eq!(remove(own, target), outranked, "{own:?} {target:?}");
    }
    for target in [&readonly, &plain, &helper, &admin, &owner] {
        assert!(remove(&owner, target).is_allowed(), "{target:?}");
        let scope = OPEN.over(target.title.rank);
        assert!(decide(&SERVER_ADMIN, GroupPermission::RemoveMembers, &scope).is_allowed(), "{target:?}");
    }
}

#[test]
fn nobody_gives_what_they_do_not_have() {
    use GroupPermission::{ManageRoles, Pin, Send, View};
    let mine = custom(30, &[View, Send, ManageRoles]);
    let give = |gift: &Role| decide(&member(&mine), ManageRoles, &OPEN.giving(gift));
    for gift in [custom(29, &[View, Send]), custom(30, &[View, Send, ManageRoles]), custom(1, &[])] {
        assert!(give(&gift).is_allowed(), "{gift:?}");
    }
    let denied = |shortfall| Decision::Denied(Denial::Role(shortfall));
    assert_eq!(give(&custom(31, &[View])), denied(Shortfall::GivesHigherRank));
    assert_eq!(give(&custom(5, &[View, Pin])), denied(Shortfall::GivesMore(Pin)));
    assert_eq!(give(&built_in(BuiltInRole::Owner)), denied(Shortfall::GivesHigherRank));
    let owner = built_in(BuiltInRole::Owner);
    for role in BuiltInRole::ALL.map(built_in) {
        assert!(decide(&member(&owner), ManageRoles, &OPEN.giving(&role)).is_allowed(), "{role:?}");
        assert!(decide(&SERVER_ADMIN, ManageRoles, &OPEN.giving(&role)).is_allowed(), "{role:?}");
    }
}

#[test]
fn what_is_taken_from_members_admins_keep() {
    let mut quiet = built_in(BuiltInRole::Member);
    quiet.permissions = quiet.permissions.without(GroupPermission::Send);
    assert!(!decide(&member(&quiet), GroupPermission::Send, &OPEN).is_allowed());
    assert!(decide(&member(&quiet), GroupPermission::Reply, &OPEN).is_allowed());
    let admin = built_in(BuiltInRole::Admin);
    assert!(decide(&member(&admin), GroupPermission::Send, &OPEN).is_allowed());
    assert!(decide(&member(&admin), GroupPermission::AddMembers, &OPEN.giving(&quiet)).is_allowed());
}

#[test]
fn a_shortfall_says_what_is_missing() {
    let lacks = Shortfall::Lacks(GroupPermission::EditGroup);
    assert_eq!(lacks.to_string(), "it lacks the permission edit_group");
    let gives = Shortfall::GivesMore(GroupPermission::Pin);
    assert_eq!(gives.to_string(), "it can't give the permission pin, which it lacks");
}

#[test]
fn an_archived_group_is_read_restored_and_deleted_and_else_left_alone() {
    use GroupPermission::{ArchiveGroup, DeleteGroup, ReadHistory, View};
    let owner = built_in(BuiltInRole::Owner);
    for permission in GroupPermission::ALL.iter().copied() {
        for who in [member(&owner), SERVER_ADMIN, OUTSIDER] {
            let before = decide(&who, permission, &OPEN);
            let archived = decide(&who, permission, &Scope { is_archived: true, ..OPEN });
            let is_kept = [View, ReadHistory, ArchiveGroup, DeleteGroup].contains(&permission);
            let expected =
                if is_kept || !before.is_allowed() { before } else { Decision::Denied(Denial::Archived) };
            assert_eq!(archived, expected, "{permission:?} as {who:?}");
        }
    }
}

#[test]
fn who_is_muted_and_no_owner_writes_nothing_and_does_the_rest() {
    use GroupPermission::{CreatePolls, React, Reply, Send};
    let until = Timestamp::from_micros(7);
    for role in BuiltInRole::ALL.map(built_in) {
        for permission in GroupPermission::ALL.iter().copied() {
            let before = decide(&member(&role), permission, &OPEN);
            let is_taken = before.is_allowed()
                && [Send, Reply, React, CreatePolls].contains(&permission)
                && role.title.name != BuiltInRole::Owner;
            let expected = if is_taken { Decision::Denied(Denial::Muted(until)) } else { before };
            let muted = decide(&member(&role).muted(Some(until)), permission, &OPEN);
            assert_eq!(muted, expected, "{permission:?} as {role:?}");
            assert_eq!(muted.until(), is_taken.then_some(until));
        }
    }
}

#[test]
fn slow_mode_holds_up_messages_of_those_who_don_t_moderate() {
    let retry_after = Duration::from_secs(9);
    let slowed = OPEN.in_slow_mode(Some(retry_after));
    for role in BuiltInRole::ALL.map(built_in) {
        for permission in GroupPermission::ALL.iter().copied() {
            let before = decide(&member(&role), permission, &OPEN);
            let moderates = role.permissions.contains(GroupPermission::DeleteAny);
            let is_slowed = matches!(permission, GroupPermission::Send | GroupPermission::Reply);
            let waits = is_slowed && before.is_allowed() && !moderates;
            let expected = if waits { Decision::Denied(Denial::SlowMode { retry_after }) } else { before };
            assert_eq!(decide(&member(&role), permission, &slowed), expected, "{permission:?} as {role:?}");
        }
    }
}

#[test]
fn the_reason_of_a_decision_is_told_in_a_sentence() {
    let lacks = Denial::Role(Shortfall::Lacks(GroupPermission::Send));
    let waits = Denial::SlowMode { retry_after: Duration::from_secs(9) };
    for (decision, sentence) in [
        (Decision::Allowed(Grant::Role), "the role in the group allows it"),
        (Decision::Allowed(Grant::Open), "everybody may do this in a public or closed group"),
        (Decision::Denied(Denial::NotMember), "only members of the group may do this"),
        (Decision::Denied(Denial::Archived), "the group is archived"),
        (Decision::Denied(waits), "the group is in slow mode; the wait ends in 9 s"),
        (Decision::Denied(lacks), "the role in the group is not enough: it lacks the permission send"),
    ] {
        assert_eq!(decision.to_string(), sentence);
    }
}

/// What everybody may do in a direct conversation as it was reviewed; with a star, also while it is closed.
const DIRECT: &str =
    "view* read_history* send send_files react reply create_polls mention_all pin edit_own delete_own*";

#[test]
fn in_a_direct_conversation_all_members_may_do_the_same_and_others_nothing() {
    let direct = Scope { is_direct: true, ..PRIVATE };
    let closed = Scope { is_closed: true, ..direct };
    for permission in GroupPermission::ALL.iter().copied() {
        let name = permission.as_str();
        let is_kept = DIRECT.split(' ').any(|known| known.strip_suffix('*') == Some(name));
        let is_allowed = is_kept || DIRECT.split(' ').any(|known| known == name);
        let expected =
            if is_allowed { Decision::Allowed(Grant::Direct) } else { Decision::Denied(Denial::Direct) };
        let when_closed =
            if is_allowed && !is_kept { Decision::Denied(Denial::DirectClosed) } else { expected };
        for role in BuiltInRole::ALL.map(built_in) {
            for manages_groups in [false, true] {
                let who = Who::with_role(Some(&role)).managing(manages_groups);
                assert_eq!(decide(&who, permission, &direct), expected, "{name} as {who:?}");
                assert_eq!(decide(&who, permission, &closed), when_closed, "{name} as {who:?}");
            }
        }
        for who in [OUTSIDER, SERVER_ADMIN] {
            assert_eq!(decide(&who, permission, &direct), Decision::Denied(Denial::NotMember), "{name}");
        }
    }
}
