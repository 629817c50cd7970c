use super::*;
use crate::groups::Role;
use crate::testing::{GROUP, MESSAGE, OTHER, group, member, message, tombstone, user};

/// What an event is about: a user, a group, a message.
type Subjects = (Option<UserId>, Option<GroupId>, Option<MessageId>);

const A_USER: Subjects = (Some(OTHER), None, None);
const A_GROUP: Subjects = (None, Some(GROUP), None);
const A_MEMBER: Subjects = (Some(OTHER), Some(GROUP), None);
const A_MESSAGE: Subjects = (None, Some(GROUP), Some(MESSAGE));
const NOTHING: Subjects = (None, None, None);

#[test]
fn each_event_has_a_stable_name_and_says_what_it_is_about() {
    let member = || member(OTHER, Role::Member);
    for (event, name, subjects) in [
        (Event::UserCreated(user(OTHER)), "user.created", A_USER),
        (Event::UserUpdated(user(OTHER)), "user.updated", A_USER),
        (Event::UserDeleted(OTHER), "user.deleted", A_USER),
        (Event::GroupCreated(group()), "group.created", A_GROUP),
        (Event::GroupUpdated(group()), "group.updated", A_GROUP),
        (Event::GroupDeleted(GROUP), "group.deleted", A_GROUP),
        (Event::MemberAdded(GROUP, member()), "member.added", A_MEMBER),
        (Event::MemberUpdated(GROUP, member()), "member.updated", A_MEMBER),
        (Event::MemberRemoved(GROUP, OTHER), "member.removed", A_MEMBER),
        (Event::MessageCreated(message(OTHER)), "message.created", A_MESSAGE),
        (Event::MessageUpdated(message(OTHER)), "message.updated", A_MESSAGE),
        (Event::MessageDeleted(tombstone(OTHER)), "message.deleted", A_MESSAGE),
        (Event::MessageLiked(message(OTHER)), "message.liked", A_MESSAGE),
        (Event::MessageUnliked(message(OTHER)), "message.unliked", A_MESSAGE),
        (Event::SessionsEnded(OTHER), "sessions.ended", A_USER),
        (Event::Gone(EventType::GroupUpdated), "group.updated", NOTHING),
    ] {
        assert_eq!(event.event_type().as_str(), name);
        let about = (event.subject_user(), event.subject_group(), event.subject_message());
        assert_eq!(about, subjects, "{name}");
    }
}
