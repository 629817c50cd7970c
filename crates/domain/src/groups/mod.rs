//! Groups and their members.

mod access;
mod add_members;
mod archive;
mod ban;
mod ban_check;
mod block;
mod change_role;
mod create;
mod default_groups;
mod delete;
mod direct;
mod direct_key;
mod edit;
mod edit_member;
mod error;
mod find;
mod gift;
mod invited;
mod joined;
mod membership;
mod model;
mod mute;
mod quota;
mod remove_member;
mod repository;
mod restriction;
mod restriction_repository;
mod retention;
mod role_lookup;
mod roles;
mod senders;
mod settings;
mod slow_mode;
mod succession;
mod ways_in;

pub(crate) use access::{Membership, lock_managed, lock_visible, managed, reached, visible, visible_to};
pub use add_members::{Addition, Batch, add_members};
pub use archive::{archive, restore};
pub use ban::{ban, list_bans, remove_ended_bans, unban};
pub(crate) use ban_check::refuse_banned;
pub use block::{block, list_blocks, unblock};
pub use change_role::change_role;
pub use create::{GroupDraft, create};
pub use default_groups::{DefaultGroups, GroupJournal, SkipReason, unusable_defaults};
pub use delete::delete;
pub use direct::start_direct;
pub use direct_key::{DirectKey, People};
pub use edit::{GroupChanges, edit};
pub use edit_member::{MemberChanges, change_settings, edit_member};
pub use error::{GroupRefusal, Quota};
pub use find::{find, list, list_members};
pub(crate) use gift::{authorize_gift, may_let_in};
pub(crate) use invited::{Inviter, let_in_invited};
pub use joined::{JoinedGroup, Writing};
pub use membership::{Candidate, add_member};
pub(crate) use membership::{Newcomer, admit, admit_newcomer, lock_candidate, lock_to_grow};
pub use model::{
    Description, Group, GroupKind, GroupName, GroupView, History, ListedMember, Member, NewDirect, NewGroup,
    NewMembership, Standing, Topic, Visibility, VisibleGroup,
};
pub use mute::{mute, unmute};
pub use quota::Quotas;
pub(crate) use remove_member::end_membership;
pub use remove_member::remove_member;
pub use repository::{GroupQuery, GroupRepository, MemberQuery, MemberRepository, ReadCursor};
#[cfg(test)]
pub(crate) use repository::{MockGroupRepository, MockMemberRepository};
pub use restriction::{Ban, MAX_BANS, Mute, Reason, RestrictionDraft};
pub use restriction_repository::{BanRepository, MuteRepository};
#[cfg(test)]
pub(crate) use restriction_repository::{MockBanRepository, MockMuteRepository};
pub use retention::{RetentionBounds, RetentionChange, RetentionDays, SeqSpan, Trimmed};
pub(crate) use role_lookup::{permitted_roles, role_to_give};
pub use roles::{RoleChanges, define_role, delete_role, edit_role, explain, list_roles};
pub use settings::{MemberSettings, Notify, SettingsChanges};
pub use slow_mode::SlowMode;
pub(crate) use ways_in::end_join_request;
