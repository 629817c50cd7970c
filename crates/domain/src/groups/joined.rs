//! The groups of a user who follows events.

use crate::groups::error::GroupRefusal;
use crate::groups::model::History;
use crate::ids::{EventId, GroupId, Seq};
use crate::permissions::{
    BuiltInRole, Decision, GroupPermission, PermissionSet, Rank, Role, RoleName, RoleTitle, Scope, Who,
    decide,
};
use crate::time::Timestamp;

/// A group that a user is in, as the events of the user's connections depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinedGroup {
    /// The group.
    pub id: GroupId,
    /// The id of the event that told of the joining: older events of the group are not for the user.
    pub since: EventId,
    /// The number of the group's newest message at that time.
    pub joined_seq: Seq,
    /// The user's role in it, on which some events depend.
    pub role: RoleName,
    /// Which messages the user reads.
    pub history: History,
    /// Whether the group has been deleted, and was private: the user may still learn of its end.
    pub has_ended: bool,
    /// What decides whether the user may write in it.
    pub writing: Writing,
}

/// What decides, besides the role's name, whether a member may write: enough to tell it without a look into the database
/// for each key that somebody presses. Events keep it up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writing {
    /// Whether the user's role may send.
    pub role_sends: bool,
    /// Whether the group is archived.
    pub is_archived: bool,
    /// Whether it is the direct conversation of two people who can't talk now.
    pub is_closed: bool,
    /// Until when the user is muted; `None` for who is not.
    pub muted_until: Option<Timestamp>,
}

impl Writing {
    /// That of a member with this role, in a group that has not changed what its roles may do.
    pub fn usual(role: &RoleName) -> Self {
        Self { role_sends: usually_sends(role), is_archived: false, is_closed: false, muted_until: None }
    }
}

impl JoinedGroup {
    /// A group all of whose messages the user, a plain member, reads.
    pub fn whole(id: GroupId, since: EventId) -> Self {
        let (role, history) = (RoleName::MEMBER, History::All);
        let writing = Writing::usual(&role);
        Self { id, since, joined_seq: Seq::ZERO, role, history, has_ended: false, writing }
    }

    /// Applies that the user has this role now.
    pub(crate) fn set_role(&mut self, role: &RoleName) {
        if self.role != *role {
            self.role.clone_from(role);
            self.writing.role_sends = usually_sends(role);
        }
    }

    /// Rejects what is written now, but for slow mode, which delays what is sent and not what is typed.
    pub(crate) fn require_to_write(&self, now: Timestamp) -> Result<(), GroupRefusal> {
        let Writing { role_sends, is_archived, is_closed, muted_until } = self.writing;
        let permissions =
            if role_sends { PermissionSet::of(&[GroupPermission::Send]) } else { PermissionSet::EMPTY };
        // Of ranks, only the owners' makes a difference.
        let is_owner = self.role == BuiltInRole::Owner;
        let rank = if is_owner { Rank::OWNER } else { BuiltInRole::Member.rank() };
        let role = Role { title: RoleTitle { name: self.role.clone(), rank }, permissions };
        let who = Who::with_role(Some(&role)).muted(muted_until.filter(|until| *until > now));
        // In a direct conversation that is not closed, all members may do what plain members do.
        let (is_open, is_direct) = (false, is_closed);
        let (slow_mode, target, gift) = (None, None, None);
        let scope = Scope { is_open, is_direct, is_closed, is_archived, slow_mode, target, gift };
        match decide(&who, GroupPermission::Send, &scope) {
            Decision::Allowed(_) => Ok(()),
            Decision::Denied(denial) => Err(denial.into()),
        }
    }
}

/// Whether a role of this name may send in a group that has not changed what its roles may do. Of a role that the group
/// has defined, nothing is known without the group.
pub(crate) fn usually_sends(role: &RoleName) -> bool {
    let role = Role::resolve(role.clone(), None, false);
    role.is_some_and(|role| role.permissions.contains(GroupPermission::Send))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permissions::Shortfall;
    use crate::testing::{EARLIER, GROUP, NOW};

    const LATER: Timestamp = Timestamp::from_micros(NOW.as_micros() + 1);

    fn joined(role: BuiltInRole) -> JoinedGroup {
        let mut joined = JoinedGroup::whole(GROUP, EventId::new(1));
        joined.set_role(&role.into());
        joined
    }

    #[test]
    fn a_member_writes_by_role_unless_the_group_or_the_member_is_kept_from_it() {
        let lacks = GroupRefusal::RoleTooLow(Shortfall::Lacks(GroupPermission::Send));
        let usual = |role: BuiltInRole| joined(role).writing;
        use BuiltInRole::{Admin, Member, Owner, Readonly};
        for (role, writing, expected) in [
            (Member, usual(Member), Ok(())),
            (Admin, usual(Admin), Ok(())),
            (Readonly, usual(Readonly), Err(lacks)),
            (Readonly, Writing { role_sends: true, ..usual(Readonly) }, Ok(())),
            (Member, Writing { role_sends: false, ..usual(Member) }, Err(lacks)),
            (Owner, Writing { is_archived: true, ..usual(Owner) }, Err(GroupRefusal::Archived)),
            (Member, Writing { is_closed: true, ..usual(Member) }, Err(GroupRefusal::DirectClosed)),
            (
                Admin,
                Writing { muted_until: Some(LATER), ..usual(Admin) },
                Err(GroupRefusal::Muted { until: LATER }),
            ),
            (Admin, Writing { muted_until: Some(EARLIER), ..usual(Admin) }, Ok(())),
            (Admin, Writing { muted_until: Some(NOW), ..usual(Admin) }, Ok(())),
            (Owner, Writing { muted_until: Some(LATER), ..usual(Owner) }, Ok(())),
        ] {
            let joined = JoinedGroup { writing, ..joined(role) };
            assert_eq!(joined.require_to_write(NOW), expected, "{joined:?}");
        }
    }

    #[test]
    fn another_role_sends_what_roles_of_its_name_usually_do() {
        let custom = RoleName::parse("Judge").unwrap();
        let mut joined = joined(BuiltInRole::Readonly);
        for (role, sends) in [(RoleName::MEMBER, true), (custom.clone(), false)] {
            joined.set_role(&role);
            assert_eq!(joined.writing.role_sends, sends, "{role}");
        }
        // The group may have changed it.
        joined.writing.role_sends = true;
        joined.set_role(&custom);
        assert!(joined.writing.role_sends);
    }
}
