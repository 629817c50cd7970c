//! A member's own settings of a group.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::{Event, GroupMember, OwnMembership};
use crate::groups::access::lock_visible;
use crate::groups::change_role::change_role;
use crate::groups::error::GroupRefusal;
use crate::groups::model::Member;
use crate::groups::quota::Quotas;
use crate::ids::{GroupId, UserId};
use crate::permissions::RoleName;
use crate::storage::Tx;
use crate::validation::{FieldError, Violation, ViolationCode};

/// What a member wants to be notified of. The server delivers every event all the same: clients obey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Notify {
    /// Every message.
    #[default]
    All,
    /// Messages that mention the member.
    Mentions,
    /// Nothing.
    None,
}

impl Notify {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::All, Self::Mentions, Self::None];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Mentions => "mentions",
            Self::None => "none",
        }
    }

    /// The choice of this name.
    ///
    /// # Errors
    /// [`ViolationCode::InvalidFormat`] for any other text.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        Self::ALL.into_iter().find(|choice| choice.as_str() == text).ok_or_else(|| {
            Violation::new(ViolationCode::InvalidFormat, "must be one of: all, mentions, none")
        })
    }
}

/// A member's own settings of a group. Only the member sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemberSettings {
    /// What the member wants to be notified of.
    pub notify: Notify,
    /// Whether the group comes first in the member's list.
    pub pinned: bool,
    /// Whether the group is left out of the member's list.
    pub hidden: bool,
}

/// Changes to a member's own settings. `None` keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SettingsChanges {
    /// What the member wants to be notified of.
    pub notify: Option<Notify>,
    /// Whether the group comes first in the member's list.
    pub pinned: Option<bool>,
    /// Whether the group is left out of the member's list.
    pub hidden: Option<bool>,
}

impl SettingsChanges {
    fn apply(self, to: MemberSettings) -> MemberSettings {
        MemberSettings {
            notify: self.notify.unwrap_or(to.notify),
            pinned: self.pinned.unwrap_or(to.pinned),
            hidden: self.hidden.unwrap_or(to.hidden),
        }
    }

    /// The fields to change.
    fn fields(self) -> impl Iterator<Item = &'static str> {
        let given = [
            ("notify", self.notify.is_some()),
            ("pinned", self.pinned.is_some()),
            ("hidden", self.hidden.is_some()),
        ];
        given.into_iter().filter_map(|(field, given)| given.then_some(field))
    }

    fn are_none(self) -> bool {
        self == Self::default()
    }
}

/// Changes to a member.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemberChanges {
    /// Another role; `None` keeps.
    pub role: Option<RoleName>,
    /// The actor's own settings.
    pub settings: SettingsChanges,
}

/// Changes a member: their role, as [`change_role`] does, and the actor's own settings, as [`change_settings`] does.
///
/// # Errors
/// Those of both, and settings of somebody else as invalid fields.
pub fn edit_member(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    user: UserId,
    changes: &MemberChanges,
    quotas: &Quotas,
) -> Result<Member, Error> {
    let (role, settings) = (changes.role.as_ref(), changes.settings);
    if settings.are_none() {
        return change_role(tx, actor, group, user, role, quotas);
    }
    if user != actor.id() {
        return Err(Error::Refused(crate::Refusal::Invalid(settings.fields().map(not_yours).collect())));
    }
    if role.is_some() {
        change_role(tx, actor, group, user, role, quotas)?;
    }
    change_settings(tx, actor, group, settings)
}

fn not_yours(field: &str) -> FieldError {
    Violation::new(ViolationCode::NotEditable, "can only be changed by the member").in_field(field)
}

/// Changes the actor's own settings of a group. Only the actor's devices are told.
///
/// # Errors
/// `NotFound`, `MemberNotFound` of [`GroupRefusal`], or a fault.
pub fn change_settings(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    changes: SettingsChanges,
) -> Result<Member, Error> {
    lock_visible(tx, actor, group)?;
    let member = tx.members().find(group, actor.id())?.ok_or(GroupRefusal::MemberNotFound)?;
    let settings = changes.apply(member.settings);
    if settings == member.settings {
        return Ok(member);
    }
    tx.members().set_settings(group, actor.id(), settings)?;
    let member = Member { settings, ..member };
    let own = OwnMembership(GroupMember { group, member: member.clone() });
    tx.emit(Some(actor.id()), Event::SettingsUpdated(own));
    Ok(member)
}

#[cfg(test)]
mod tests;
