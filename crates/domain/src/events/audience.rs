//! Who may see an event, the rules that derive it from what the event is about, and what these ask of a subject.

use crate::ids::{GroupId, SessionId, UserId};

/// Who may see an event. Rights are checked again on delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// All signed-in users.
    All,
    /// The members of a group.
    Group(GroupId),
    /// The members of a group, and the user who was one until now.
    GroupAndUser(GroupId, UserId),
    /// One user.
    User(UserId),
    /// One session. No type of event has this audience yet; the log can hold it.
    Session(SessionId),
}

/// A subject in a group.
pub(super) trait InGroup {
    /// The group.
    fn group_id(&self) -> GroupId;
}

/// A subject about one user.
pub(super) trait OfUser {
    /// The user.
    fn user_id(&self) -> UserId;
}

/// A subject that states its own audience.
pub(super) trait Limited {
    /// Who may see it.
    fn viewers(&self) -> Audience;
}

// The rules of the event table. A rule requires certain properties of a subject, so a row whose rule doesn't fit its
// subject doesn't compile.

/// All signed-in users.
pub(super) const fn everybody<S>(_: &S) -> Audience {
    Audience::All
}

/// The audience that the subject itself states.
pub(super) fn viewers<S: Limited>(subject: &S) -> Audience {
    subject.viewers()
}

/// The members of the subject's group.
pub(super) fn members<S: InGroup>(subject: &S) -> Audience {
    Audience::Group(subject.group_id())
}

/// The members of the subject's group, and the user that the subject is about.
pub(super) fn members_and_user<S: InGroup + OfUser>(subject: &S) -> Audience {
    Audience::GroupAndUser(subject.group_id(), subject.user_id())
}

/// The user that the subject is about.
pub(super) fn user<S: OfUser>(subject: &S) -> Audience {
    Audience::User(subject.user_id())
}
