use std::collections::HashSet;

use super::*;
use crate::groups::{Group, History, Visibility};
use crate::ids::{GroupId, MessageId};
use crate::permissions::{BuiltInRole, ServerRole};
use crate::testing::{
    GROUP, INVITATION, MESSAGE, OTHER, PARTY, ban, bookmark_update, draft_update, ended_join_request, group,
    invitation, join_request_update, member, message, moderators, poll_update, reminder_update, senders,
    thread, tombstone, user,
};

/// An event of this type about the only user, group and message.
fn example(event_type: EventType) -> Event {
    let subject = match event_type.subject() {
        SubjectKind::User => Subject::User(user(OTHER)),
        SubjectKind::UserUpdate => Subject::UserUpdate(UserUpdate::between(&user(OTHER), &user(OTHER))),
        SubjectKind::UserId => Subject::UserId(OTHER),
        SubjectKind::ServerRoles => Subject::ServerRoles(ServerRoles(vec![ServerRole::admin()])),
        SubjectKind::RolesOfUser => Subject::RolesOfUser(RolesOfUser { user: OTHER, roles: Vec::new() }),
        SubjectKind::GroupUpdate => Subject::GroupUpdate(GroupUpdate::of(group())),
        SubjectKind::AddedMember => {
            let (member, history) = (member(OTHER, BuiltInRole::Member), History::All);
            Subject::AddedMember(AddedMember { group: GROUP, member, history })
        }
        SubjectKind::RemovedGroup => Subject::RemovedGroup(RemovedGroup::of(&group())),
        SubjectKind::TrimmedHistory => {
            Subject::TrimmedHistory(TrimmedHistory { group: GROUP, upto: Seq::ZERO })
        }
        SubjectKind::GroupMember => {
            Subject::GroupMember(GroupMember { group: GROUP, member: member(OTHER, BuiltInRole::Member) })
        }
        SubjectKind::OwnMembership => {
            let member = member(OTHER, BuiltInRole::Member);
            Subject::OwnMembership(OwnMembership(GroupMember { group: GROUP, member }))
        }
        SubjectKind::BanUpdate => Subject::BanUpdate(BanUpdate::of(GROUP, ban(OTHER), moderators(), true)),
        SubjectKind::EndedBan => Subject::EndedBan(EndedBan::of(GROUP, OTHER, moderators(), true)),
        SubjectKind::RemovedMember => Subject::RemovedMember(RemovedMember { group: GROUP, user: OTHER }),
        SubjectKind::GroupSenders => Subject::GroupSenders(GroupSenders { group: GROUP, senders: senders() }),
        SubjectKind::DirectPartner => Subject::DirectPartner(DirectPartner { group: GROUP, user: OTHER }),
        SubjectKind::Invitation => Subject::Invitation(invitation()),
        SubjectKind::EndedInvitation => {
            Subject::EndedInvitation(EndedInvitation { id: INVITATION, user: OTHER })
        }
        SubjectKind::JoinRequestUpdate => Subject::JoinRequestUpdate(join_request_update()),
        SubjectKind::EndedJoinRequest => Subject::EndedJoinRequest(ended_join_request()),
        SubjectKind::Message => Subject::Message(message(OTHER)),
        SubjectKind::Tombstone => Subject::Tombstone(Tombstone(tombstone(OTHER))),
        SubjectKind::MessageReaction => {
            Subject::MessageReaction(MessageReaction { message: message(OTHER), emoji: PARTY })
        }
        SubjectKind::PollUpdate => Subject::PollUpdate(poll_update()),
        SubjectKind::MentionUpdate => {
            Subject::MentionUpdate(MentionUpdate::of(&message(OTHER).into(), OTHER))
        }
        SubjectKind::ThreadUpdate => Subject::ThreadUpdate(ThreadUpdate(thread())),
        SubjectKind::OwnThread => Subject::OwnThread(OwnThread::of(&thread(), OTHER)),
        SubjectKind::DraftUpdate => Subject::DraftUpdate(draft_update(true)),
        SubjectKind::BookmarkUpdate => Subject::BookmarkUpdate(bookmark_update(true)),
        SubjectKind::ReminderUpdate => Subject::ReminderUpdate(reminder_update(true)),
        SubjectKind::OwnSchedule => Subject::OwnSchedule(OwnSchedule { user: OTHER, group: GROUP }),
        SubjectKind::SentScheduled => {
            Subject::SentScheduled(SentScheduled { user: OTHER, group: GROUP, message: MESSAGE })
        }
    };
    event_type.about(subject).expect("a subject of its kind")
}

/// The ids that subjects of a kind have.
fn named(kind: SubjectKind) -> (Option<UserId>, Option<GroupId>, Option<MessageId>) {
    match kind {
        SubjectKind::ServerRoles => (None, None, None),
        SubjectKind::User
        | SubjectKind::UserUpdate
        | SubjectKind::UserId
        | SubjectKind::RolesOfUser
        | SubjectKind::Invitation
        | SubjectKind::EndedInvitation => (Some(OTHER), None, None),
        SubjectKind::GroupUpdate
        | SubjectKind::RemovedGroup
        | SubjectKind::TrimmedHistory
        | SubjectKind::GroupSenders => (None, Some(GROUP), None),
        SubjectKind::GroupMember
        | SubjectKind::AddedMember
        | SubjectKind::OwnMembership
        | SubjectKind::BanUpdate
        | SubjectKind::EndedBan
        | SubjectKind::JoinRequestUpdate
        | SubjectKind::EndedJoinRequest
        | SubjectKind::DirectPartner
        | SubjectKind::OwnSchedule
        | SubjectKind::RemovedMember => (Some(OTHER), Some(GROUP), None),
        SubjectKind::OwnThread
        | SubjectKind::MentionUpdate
        | SubjectKind::DraftUpdate
        | SubjectKind::BookmarkUpdate
        | SubjectKind::ReminderUpdate
        | SubjectKind::SentScheduled => (Some(OTHER), Some(GROUP), Some(MESSAGE)),
        SubjectKind::Message
        | SubjectKind::Tombstone
        | SubjectKind::MessageReaction
        | SubjectKind::PollUpdate
        | SubjectKind::ThreadUpdate => (None, Some(GROUP), Some(MESSAGE)),
    }
}

#[test]
fn every_type_is_found_by_its_own_name() {
    for &event_type in EventType::ALL {
        assert_eq!(EventType::from_stored(event_type.as_str()), Some(event_type));
    }
    let names: HashSet<_> = EventType::ALL.iter().map(|event_type| event_type.as_str()).collect();
    assert_eq!(names.len(), EventType::ALL.len());
}

#[test]
fn unknown_names_are_no_type() {
    for name in ["", "user", "user.", "User.Created", " user.created", "user.created ", "userXcreated"] {
        assert_eq!(EventType::from_stored(name), None, "{name:?}");
    }
}

#[test]
fn an_event_has_a_type_and_a_subject() {
    for &event_type in EventType::ALL {
        let event = example(event_type);
        assert_eq!(event.event_type(), event_type);
        let SubjectIds { group, user, message, .. } = event.ids();
        assert_eq!((user, group, message), named(event_type.subject()), "{event_type:?}");
        assert_eq!(event_type.about(event.clone().into_subject()), Some(event));
        assert_eq!(event_type.about(Subject::Gone), Some(Event::Gone(event_type, SubjectIds::default())));
    }
    assert_eq!(EventType::GroupCreated.about(Subject::UserId(OTHER)), None);
    let ids = SubjectIds { group: Some(GROUP), ..SubjectIds::default() };
    assert_eq!(Event::Gone(EventType::GroupUpdated, ids).ids(), ids);
}

#[test]
fn the_audience_follows_from_the_type_and_the_subject() {
    for (event_type, audience) in [
        (EventType::UserCreated, Audience::All),
        (EventType::UserDeleted, Audience::All),
        (EventType::GroupDeleted, Audience::All),
        (EventType::MemberAdded, Audience::Group(GROUP)),
        (EventType::SettingsUpdated, Audience::User(OTHER)),
        (EventType::MemberRemoved, Audience::GroupAndUser(GROUP, OTHER)),
        (EventType::BanCreated, Audience::GroupAndUser(GROUP, OTHER)),
        (EventType::InvitationCreated, Audience::User(OTHER)),
        (EventType::InvitationWithdrawn, Audience::User(OTHER)),
        (EventType::MessageDeleted, Audience::Group(GROUP)),
        (EventType::MessageReacted, Audience::Group(GROUP)),
        (EventType::BlocksUpdated, Audience::User(OTHER)),
        (EventType::RefreshReused, Audience::User(OTHER)),
        (EventType::FactorsUpdated, Audience::User(OTHER)),
        (EventType::TokensUpdated, Audience::User(OTHER)),
        (EventType::SessionsEnded, Audience::User(OTHER)),
        (EventType::SendersUpdated, Audience::Group(GROUP)),
        (EventType::DirectClosed, Audience::Group(GROUP)),
    ] {
        assert_eq!(example(event_type).audience(), Some(audience), "{event_type:?}");
    }
    assert_eq!(Event::Gone(EventType::UserCreated, SubjectIds::default()).audience(), None);
}

#[test]
fn an_audience_names_only_ids_of_the_subject() {
    for &event_type in EventType::ALL {
        let event = example(event_type);
        let SubjectIds { group, user, .. } = event.ids();
        let (to_group, to_user) = match event.audience().expect("a subject") {
            Audience::All | Audience::Session(_) => (None, None),
            Audience::Group(group) => (Some(group), None),
            Audience::GroupAndUser(group, user) => (Some(group), Some(user)),
            Audience::User(user) => (None, Some(user)),
        };
        assert!(to_group.is_none() || to_group == group, "{event_type:?}");
        assert!(to_user.is_none() || to_user == user, "{event_type:?}");
    }
}

#[test]
fn private_changes_of_a_user_reach_only_their_own_devices() {
    let before = user(OTHER);
    let renamed = User { display_name: None, ..before.clone() };
    let moved = User { email: None, ..before.clone() };
    for (after, audience) in [(renamed, Audience::All), (moved, Audience::User(OTHER))] {
        let event = Event::UserUpdated(UserUpdate::between(&before, &after));
        assert_eq!(event.audience(), Some(audience), "{after:?}");
    }
}

#[test]
fn the_server_acts_only_on_accounts_memberships_ways_in_polls_sessions_and_what_is_due_or_old() {
    let by_server = EventType::ALL.iter().filter(|event_type| event_type.may_be_by_server());
    let names: Vec<_> = by_server.map(|event_type| event_type.as_str()).collect();
    let expected = [
        "user.created",
        "user.updated",
        "user.deleted",
        "member.updated",
        "member.removed",
        "history.trimmed",
        "invitation.withdrawn",
        "join_request.ended",
        "poll.voted",
        "poll.closed",
        "reminder.due",
        "scheduled.failed",
        "security.refresh_reused",
        "security.factors_updated",
        "tokens.updated",
        "sessions.ended",
        "direct.closed",
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_change_of_a_group_is_told_to_those_who_knew_of_it_and_still_do() {
    use Visibility::{Closed, Private, Public};
    for (before, after, audience) in [
        (Public, Closed, Audience::All),
        (Closed, Private, Audience::Group(GROUP)),
        (Private, Public, Audience::Group(GROUP)),
        (Private, Private, Audience::Group(GROUP)),
    ] {
        let with = |visibility| Group { visibility, ..group() };
        let event = Event::GroupUpdated(GroupUpdate::between(&with(before), with(after)));
        assert_eq!(event.audience(), Some(audience), "{before:?} {after:?}");
    }
}

#[test]
fn a_group_that_is_shown_to_one_user_names_them() {
    let event = Event::GroupCreated(GroupUpdate::shown_to(group(), OTHER));
    assert_eq!(event.audience(), Some(Audience::User(OTHER)));
    assert_eq!((event.ids().group, event.ids().user), (Some(GROUP), Some(OTHER)));
}

#[test]
fn every_type_has_a_summary_sentence() {
    for &event_type in EventType::ALL {
        let summary = event_type.summary();
        assert!(summary.ends_with('.') && !summary.starts_with(' '), "{summary:?}");
    }
}
