use std::time::Duration;

use super::*;
use crate::accounts::{TokenGroups, User};
use crate::events::subject::{GroupMember, Tombstone};
use crate::groups::{Ban, Group, History, Member, Mute, Visibility};
use crate::ids::{Position, Seq};
use crate::messages::Message;
use crate::permissions::{BuiltInRole, GroupPermission, Shortfall};
use crate::testing::{
    EARLIER, GROUP, ME, MY_SESSION, NOW, OTHER, approvers, ban, group, join_request, member, message,
    moderators, user,
};

const ELSEWHERE: GroupId = GroupId::new(8);
const THIRD: UserId = UserId::new(3);
const ANOTHER_SESSION: SessionId = SessionId::new(12);

/// Me, in these groups since these events.
fn viewer(memberships: &[(GroupId, i64)]) -> Viewer {
    let memberships =
        memberships.iter().map(|(group, since)| JoinedGroup::whole(*group, EventId::new(*since)));
    Viewer::new(ME, MY_SESSION, memberships)
}

fn logged(id: i64, audience: Audience, event: Event) -> LoggedEvent {
    // With concurrent writers, positions differ from ids.
    let position = Position::new(id + 1_000);
    LoggedEvent { position, id: EventId::new(id), at: EARLIER, audience, actor: Some(OTHER), event }
}

fn terms_of_group() -> TokenGroups {
    TokenGroups::parse(vec![GROUP]).unwrap()
}

#[test]
fn a_session_for_some_groups_is_told_of_nothing_else() {
    let whole = viewer(&[(GROUP, 1), (ELSEWHERE, 1)]);
    let mut limited = whole.clone().only_in(Some(&terms_of_group()));
    assert!(limited.is_limited() && !whole.is_limited());
    assert_eq!(limited.groups().collect::<Vec<_>>(), [GROUP]);
    let elsewhere = Message { group_id: ELSEWHERE, ..message(OTHER) };
    let theirs = logged(5, Audience::Group(ELSEWHERE), Event::MessageCreated(elsewhere));
    let of_account = logged(6, Audience::All, Event::UserDeleted(OTHER));
    let own = logged(7, Audience::User(ME), Event::BlocksUpdated(OTHER));
    for event in [&theirs, &of_account, &own] {
        assert!(whole.may_see(event) && !limited.may_see(event), "{event:?}");
        assert!(!limited.may_see_record(&record(event)), "{event:?}");
    }
    assert!(limited.may_see(&sent(5)) && limited.may_see_record(&record(&sent(5))));
    // Whoever is added to another group meanwhile is told nothing of it, either.
    let other = Group { id: ELSEWHERE, visibility: Visibility::Public, ..group() };
    let created = logged(8, Audience::All, Event::GroupCreated(GroupUpdate::of(other)));
    assert!(!limited.apply_and_check(&created));
    let member = member(ME, BuiltInRole::Member);
    let added = AddedMember { group: ELSEWHERE, member, history: History::All };
    assert!(!limited.apply_and_check(&logged(9, Audience::Group(ELSEWHERE), Event::MemberAdded(added))));
    assert!(!limited.is_in(ELSEWHERE));
    assert!(limited.require_to_write(ELSEWHERE, NOW).is_err());
}

/// The event as the log contains it.
fn record(event: &LoggedEvent) -> EventRecord {
    let &LoggedEvent { position, id, at, audience, actor, ref event } = event;
    let (event_type, subject) = (event.event_type(), event.ids());
    EventRecord { position, id, at, actor, audience, event_type, subject }
}

/// A message that was sent to the group.
fn sent(id: i64) -> LoggedEvent {
    logged(id, Audience::Group(GROUP), Event::MessageCreated(message(OTHER)))
}

fn added(id: i64, user: UserId) -> LoggedEvent {
    logged(
        id,
        Audience::Group(GROUP),
        Event::MemberAdded(AddedMember {
            group: GROUP,
            member: member(user, BuiltInRole::Member),
            history: History::All,
        }),
    )
}

fn removed(id: i64, user: UserId) -> LoggedEvent {
    logged(
        id,
        Audience::GroupAndUser(GROUP, user),
        Event::MemberRemoved(RemovedMember { group: GROUP, user }),
    )
}

fn group_deleted(id: i64) -> LoggedEvent {
    logged(id, Audience::All, Event::GroupDeleted(RemovedGroup::logged(GROUP, Audience::All)))
}

/// The ids of the events that the viewer sees, when they pass one after the other.
fn seen(mut viewer: Viewer, events: &[LoggedEvent]) -> Vec<i64> {
    let mut seen = Vec::new();
    for event in events {
        if viewer.apply_and_check(event) {
            seen.push(event.id.get());
        }
    }
    seen
}

#[test]
fn each_audience_contains_only_its_users() {
    let inside = [(GROUP, 5)];
    for (audience, expected) in [
        (Audience::All, true),
        (Audience::Group(GROUP), true),
        (Audience::Group(ELSEWHERE), false),
        (Audience::GroupAndUser(GROUP, THIRD), true),
        (Audience::GroupAndUser(ELSEWHERE, THIRD), false),
        (Audience::GroupAndUser(ELSEWHERE, ME), true),
        (Audience::User(ME), true),
        (Audience::User(OTHER), false),
        (Audience::Session(MY_SESSION), true),
        (Audience::Session(ANOTHER_SESSION), false),
    ] {
        let event = logged(10, audience, Event::UserUpdated(UserUpdate::logged(user(OTHER), Audience::All)));
        assert_eq!(viewer(&inside).may_see(&event), expected, "{audience:?}");
        assert_eq!(viewer(&inside).may_see_record(&record(&event)), expected, "{audience:?}");
    }
}

#[test]
fn an_older_setting_changes_nothing() {
    let mut hidden = viewer(&[]).at_version(Version::new(3));
    for (version, expected) in [(2, PresenceSetting::Hidden), (4, PresenceSetting::Shown)] {
        let shown = User { presence: PresenceSetting::Shown, version: Version::new(version), ..user(ME) };
        hidden.apply(&logged(
            10,
            Audience::User(ME),
            Event::UserUpdated(UserUpdate::logged(shown, Audience::All)),
        ));
        assert_eq!(hidden.presence, expected, "{version}");
    }
}

#[test]
fn actors_see_their_own_events_only_as_members() {
    let mine = LoggedEvent { actor: Some(ME), ..sent(10) };
    assert!(!viewer(&[]).may_see(&mine));
}

#[test]
fn nobody_sees_hidden_or_gone_events() {
    for audience in [Audience::All, Audience::User(ME), Audience::Session(MY_SESSION)] {
        let hidden = logged(10, audience, Event::SessionsEnded(ME));
        assert!(!viewer(&[(GROUP, 5)]).may_see(&hidden), "{audience:?}");
        assert!(!viewer(&[(GROUP, 5)]).may_see_record(&record(&hidden)), "{audience:?}");
        for &event_type in EventType::ALL {
            let gone = logged(10, audience, Event::Gone(event_type, SubjectIds::default()));
            assert!(!viewer(&[(GROUP, 5)]).may_see(&gone), "{event_type:?}");
        }
    }
}

#[test]
fn members_see_a_groups_events_from_the_one_that_added_them() {
    let events = [sent(4), sent(5), sent(6)];
    assert_eq!(seen(viewer(&[(GROUP, 5)]), &events), [5, 6]);
    assert_eq!(seen(viewer(&[(ELSEWHERE, 1)]), &events), []);
}

#[test]
fn joining_makes_the_group_visible_from_then_on() {
    let events = [sent(1), added(2, OTHER), added(3, ME), sent(4)];
    assert_eq!(seen(viewer(&[]), &events), [3, 4]);
}

#[test]
fn leaving_is_the_last_visible_event() {
    let events = [sent(1), removed(2, OTHER), removed(3, ME), sent(4), removed(5, OTHER)];
    assert_eq!(seen(viewer(&[(GROUP, 1)]), &events), [1, 2, 3]);
}

#[test]
fn rejoining_does_not_show_what_happened_in_between() {
    let events = [sent(1), removed(2, ME), sent(3), added(4, ME), sent(5), removed(6, ME), added(7, ME)];
    assert_eq!(seen(viewer(&[(GROUP, 1)]), &events), [1, 2, 4, 5, 6, 7]);
}

#[test]
fn a_replay_uses_only_the_current_memberships() {
    // The same events, read back by somebody who came with the last of them.
    let events = [sent(1), removed(2, ME), sent(3), added(4, ME), sent(5), removed(6, ME), added(7, ME)];
    assert_eq!(seen(viewer(&[(GROUP, 7)]), &events), [2, 6, 7], "and that they were removed");
}

#[test]
fn memberships_read_after_an_event_are_not_changed_by_it() {
    // Read after both events were committed, and before either passed.
    let events = [added(3, ME), removed(4, ME), added(5, ME), sent(6)];
    let mut viewer = viewer(&[(GROUP, 5)]);
    for event in &events {
        viewer.apply(event);
        assert_eq!(viewer, self::viewer(&[(GROUP, 5)]), "{event:?}");
    }
}

#[test]
fn memberships_read_after_a_removal_stay_empty() {
    let events = [added(3, ME), removed(4, ME), sent(5)];
    // Seen from outside: joined and removed while the memberships were read; they are right again at the end.
    assert_eq!(seen(viewer(&[]), &events), [3, 4]);
}

#[test]
fn presence_is_hidden_unless_known_and_changes_with_the_user() {
    let update = |id, presence| {
        logged(
            9,
            Audience::All,
            Event::UserUpdated(UserUpdate::logged(User { presence, ..user(id) }, Audience::All)),
        )
    };
    let mut viewer = viewer(&[]);
    assert_eq!(viewer.presence, PresenceSetting::Hidden);
    viewer.apply(&update(OTHER, PresenceSetting::Shown));
    assert_eq!(viewer.presence, PresenceSetting::Hidden);
    for setting in [PresenceSetting::Shown, PresenceSetting::Hidden] {
        viewer.apply(&update(ME, setting));
        assert_eq!(viewer.presence, setting);
        assert_eq!(self::viewer(&[]).with_presence(setting).at_version(user(ME).version), viewer);
    }
}

#[test]
fn groups_lists_the_memberships() {
    let viewer = viewer(&[(GROUP, 5)]);
    assert!(viewer.is_in(GROUP) && !viewer.is_in(ELSEWHERE));
}

#[test]
fn roles_and_other_users_do_not_change_what_a_viewer_is_in() {
    let role = logged(
        3,
        Audience::Group(GROUP),
        Event::MemberUpdated(GroupMember { group: GROUP, member: member(ME, BuiltInRole::Admin) }),
    );
    let elsewhere =
        logged(4, Audience::All, Event::GroupDeleted(RemovedGroup::logged(ELSEWHERE, Audience::All)));
    let me_elsewhere = logged(
        5,
        Audience::GroupAndUser(ELSEWHERE, ME),
        Event::MemberRemoved(RemovedMember { group: ELSEWHERE, user: ME }),
    );
    for event in [role, added(6, OTHER), removed(7, OTHER), elsewhere, me_elsewhere] {
        let mut inside = viewer(&[(GROUP, 1)]);
        inside.apply(&event);
        assert!(inside.is_in(GROUP) && inside.groups().count() == 1, "{event:?}");
        let mut outside = viewer(&[]);
        outside.apply(&event);
        assert_eq!(outside, viewer(&[]), "{event:?}");
    }
}

#[test]
fn deleting_a_group_ends_all_memberships() {
    let events = [sent(2), group_deleted(3), sent(4)];
    assert_eq!(seen(viewer(&[(GROUP, 1)]), &events), [2, 3]);
    let mut inside = viewer(&[(GROUP, 1), (ELSEWHERE, 1)]);
    inside.apply(&group_deleted(3));
    assert_eq!(inside.groups().collect::<Vec<_>>(), [ELSEWHERE]);
}

fn hidden_group() -> Group {
    Group { visibility: Visibility::Private, ..group() }
}

/// Somebody who came in when the group had 32 messages, of which its members read so many.
fn newcomer(history: History) -> Viewer {
    let joined =
        JoinedGroup { joined_seq: Seq::new(33), history, ..JoinedGroup::whole(GROUP, EventId::new(5)) };
    Viewer::new(ME, MY_SESSION, [joined])
}

#[test]
fn that_a_group_appears_or_disappears_is_told_to_those_who_were_not_in_it() {
    let hidden = Event::GroupHidden(RemovedGroup::hidden(GROUP));
    for event in [Event::GroupCreated(GroupUpdate::of(group())), hidden] {
        for (memberships, visible) in [(vec![], true), (vec![(GROUP, 10)], false), (vec![(GROUP, 11)], true)]
        {
            let event = logged(10, Audience::All, event.clone());
            assert_eq!(viewer(&memberships).may_see(&event), visible, "{memberships:?} {event:?}");
        }
    }
}

#[test]
fn what_a_private_group_is_called_now_is_told_only_to_who_is_in_it() {
    let update = |audience| GroupUpdate::logged(hidden_group(), audience);
    // From when it was public.
    for event in [Event::GroupCreated(update(Audience::All)), Event::GroupUpdated(update(Audience::All))] {
        assert!(!viewer(&[]).may_see(&logged(10, Audience::All, event.clone())), "{event:?}");
        assert!(viewer(&[(GROUP, 11)]).may_see(&logged(10, Audience::All, event.clone())), "{event:?}");
    }
    // Who came in is shown it, and not any more once they are out.
    let shown = |id| logged(id, Audience::User(ME), Event::GroupCreated(update(Audience::User(ME))));
    assert_eq!(seen(viewer(&[]), &[added(5, ME), shown(6), removed(7, ME)]), [5, 6, 7]);
    assert_eq!(seen(viewer(&[]), &[shown(6), removed(7, ME)]), [7]);
}

#[test]
fn the_end_of_a_private_group_is_told_to_those_who_were_in_it_and_nothing_else_of_it() {
    let ended = JoinedGroup { has_ended: true, ..JoinedGroup::whole(GROUP, EventId::new(5)) };
    let last_member = Viewer::new(ME, MY_SESSION, [ended]);
    assert!(!last_member.is_in(GROUP) && last_member.groups().next().is_none());
    let to_members = Audience::Group(GROUP);
    let deleted = |id| logged(id, to_members, Event::GroupDeleted(RemovedGroup::logged(GROUP, to_members)));
    for (event, visible) in
        [(deleted(9), true), (deleted(4), false), (sent(6), false), (added(7, OTHER), false)]
    {
        assert_eq!(last_member.may_see(&event), visible, "{event:?}");
    }
    assert!(!viewer(&[]).may_see(&deleted(9)));
    let mut inside = viewer(&[(GROUP, 5)]);
    assert!(inside.apply_and_check(&deleted(9)) && !inside.is_in(GROUP));
}

#[test]
fn the_end_of_a_private_group_is_told_to_those_who_came_in_before_the_log_was_read() {
    let to_members = Audience::Group(GROUP);
    let deleted = |id| logged(id, to_members, Event::GroupDeleted(RemovedGroup::logged(GROUP, to_members)));
    let came_in = |id, user| {
        let ids = SubjectIds { group: Some(GROUP), user: Some(user), ..SubjectIds::default() };
        logged(id, to_members, Event::Gone(EventType::MemberAdded, ids))
    };
    assert_eq!(seen(viewer(&[]), &[came_in(5, ME), sent(6), added(7, OTHER), deleted(9)]), [9]);
    assert_eq!(seen(viewer(&[(GROUP, 1)]), &[removed(3, ME), came_in(5, ME), deleted(9)]), [3, 9]);
    assert_eq!(seen(viewer(&[]), &[came_in(5, ME), removed(7, ME), deleted(9)]), [7]);
    assert_eq!(seen(viewer(&[]), &[came_in(5, OTHER), deleted(9)]), []);
    let mut late = viewer(&[]);
    late.apply_and_check(&came_in(5, ME));
    assert!(!late.is_in(GROUP) && late.groups().next().is_none());
    // What the viewer has known from the start is not changed by what was before.
    assert_eq!(seen(viewer(&[(GROUP, 5)]), &[came_in(5, ME), sent(6), deleted(9)]), [6, 9]);
}

#[test]
fn of_the_members_those_who_may_ban_are_told_of_bans() {
    let with_role = |role: BuiltInRole| {
        Viewer::new(
            ME,
            MY_SESSION,
            [JoinedGroup { role: role.into(), ..JoinedGroup::whole(GROUP, EventId::new(5)) }],
        )
    };
    let update = |id: UserId, is_told| BanUpdate::of(GROUP, ban(id), moderators(), is_told);
    let about = |id: UserId, is_told| {
        [
            Event::BanCreated(update(id, is_told)),
            Event::BanUpdated(update(id, is_told)),
            Event::BanEnded(EndedBan::of(GROUP, id, moderators(), is_told)),
        ]
    };
    let sees = |viewer: &Viewer, event: Event| viewer.may_see(&logged(10, event.audience().unwrap(), event));
    for is_told in [false, true] {
        for event in about(THIRD, is_told) {
            for (role, visible) in BuiltInRole::ALL.into_iter().zip([false, false, true, true]) {
                assert_eq!(sees(&with_role(role), event.clone()), visible, "{role:?} {event:?}");
            }
            assert!(!sees(&viewer(&[]), event));
        }
        for event in about(ME, is_told) {
            assert_eq!(sees(&viewer(&[]), event.clone()), is_told, "{event:?}");
        }
    }
}

#[test]
fn who_is_banned_is_not_told_by_an_old_event_what_was_changed_since() {
    let admin = JoinedGroup { role: BuiltInRole::Admin.into(), ..JoinedGroup::whole(GROUP, EventId::new(5)) };
    let admin = Viewer::new(THIRD, ANOTHER_SESSION, [admin]);
    for terms_at in [EARLIER, NOW] {
        let changed = Ban { terms_at, ..ban(ME) };
        let update = BanUpdate::of(GROUP, changed, moderators(), true);
        for event in [Event::BanCreated(update.clone()), Event::BanUpdated(update)] {
            let event = logged(10, event.audience().unwrap(), event);
            assert_eq!(viewer(&[]).may_see(&event), terms_at == event.at, "{event:?}");
            assert!(admin.may_see(&event), "{event:?}");
        }
    }
}

#[test]
fn of_the_members_those_who_may_approve_are_told_of_requests_to_join_and_so_is_who_asks() {
    let about = |id: UserId| {
        let (group, request, user) = (GROUP, join_request(id), id);
        [
            Event::JoinRequestCreated(JoinRequestUpdate { group, request, approvers: approvers() }),
            Event::JoinRequestEnded(EndedJoinRequest { group, user, approvers: approvers() }),
        ]
    };
    let sees = |viewer: &Viewer, event: Event| viewer.may_see(&logged(10, event.audience().unwrap(), event));
    for event in about(THIRD) {
        for (role, visible) in BuiltInRole::ALL.into_iter().zip([false, false, true, true]) {
            let whole = JoinedGroup::whole(GROUP, EventId::new(5));
            let viewer = Viewer::new(ME, MY_SESSION, [JoinedGroup { role: role.into(), ..whole }]);
            assert_eq!(sees(&viewer, event.clone()), visible, "{role:?} {event:?}");
        }
        assert!(!sees(&viewer(&[]), event));
    }
    for event in about(ME) {
        assert!(sees(&viewer(&[]), event));
    }
}

#[test]
fn who_comes_to_have_another_role_is_told_accordingly() {
    let banned = |id| {
        let event = Event::BanCreated(BanUpdate::of(GROUP, ban(THIRD), moderators(), false));
        logged(id, Audience::Group(GROUP), event)
    };
    let given = |id, role| {
        let member = member(ME, role);
        logged(id, Audience::Group(GROUP), Event::MemberUpdated(GroupMember { group: GROUP, member }))
    };
    let events = [
        added(5, ME),
        banned(6),
        given(7, BuiltInRole::Admin),
        banned(8),
        given(9, BuiltInRole::Member),
        banned(10),
    ];
    assert_eq!(seen(viewer(&[]), &events), [5, 7, 8, 9]);
}

#[test]
fn changes_of_messages_from_before_are_told_where_members_read_all() {
    // The message is the 33rd.
    assert!(newcomer(History::All).may_see(&sent(10)));
    let mut later = newcomer(History::Joined);
    assert!(!later.may_see(&sent(10)));
    let tombstone = Event::MessageDeleted(Tombstone(message(OTHER).into_tombstone(EARLIER)));
    assert!(!later.may_see(&logged(10, Audience::Group(GROUP), tombstone)));
    let next = Message { seq: Seq::new(34), ..message(OTHER) };
    assert!(later.may_see(&logged(10, Audience::Group(GROUP), Event::MessageCreated(next))));

    later.apply(&logged(11, Audience::All, Event::GroupUpdated(GroupUpdate::of(group()))));
    assert!(later.may_see(&sent(12)), "the group lets everybody read all of it now");
    let joined = Group { history: History::Joined, ..group() };
    later.apply(&logged(13, Audience::All, Event::GroupUpdated(GroupUpdate::of(joined))));
    assert!(!later.may_see(&sent(14)));
}

#[test]
fn who_joins_reads_from_then_on() {
    let mut joining = viewer(&[]);
    let member = Member { joined_seq: Seq::new(33), ..member(ME, BuiltInRole::Member) };
    let added = AddedMember { group: GROUP, member, history: History::Joined };
    joining.apply(&logged(5, Audience::Group(GROUP), Event::MemberAdded(added)));
    assert_eq!(joining, newcomer(History::Joined));
}

#[test]
fn only_its_last_members_see_that_a_group_is_deleted_if_the_event_is_for_members() {
    let audience = Audience::Group(GROUP);
    let deleted = |id| logged(id, audience, Event::GroupDeleted(RemovedGroup::logged(GROUP, audience)));
    assert_eq!(seen(viewer(&[(GROUP, 1)]), &[deleted(3), sent(4)]), [3]);
    assert_eq!(seen(viewer(&[(ELSEWHERE, 1)]), &[deleted(3)]), []);
    assert_eq!(seen(viewer(&[(GROUP, 1)]), &[removed(2, ME), deleted(3)]), [2]);
}

#[test]
fn public_events_are_seen_without_membership() {
    let events = [
        logged(1, Audience::All, Event::UserCreated(user(OTHER))),
        logged(2, Audience::All, Event::GroupCreated(GroupUpdate::of(group()))),
        logged(3, Audience::All, Event::GroupUpdated(GroupUpdate::of(group()))),
        group_deleted(4),
        logged(5, Audience::All, Event::UserDeleted(OTHER)),
    ];
    assert_eq!(seen(viewer(&[]), &events), [1, 2, 3, 4, 5]);
}

/// My updated membership.
fn updated(id: i64, member: Member) -> LoggedEvent {
    logged(id, Audience::Group(GROUP), Event::MemberUpdated(GroupMember { group: GROUP, member }))
}

#[test]
fn whether_the_viewer_may_write_follows_the_events() {
    let may_write = |viewer: &Viewer| viewer.require_to_write(GROUP, NOW);
    let archived = Group { archived_at: Some(EARLIER), ..group() };
    let muted = Mute { until: NOW.plus(Duration::from_secs(1)), reason: None };
    let silent = Member { mute: Some(muted.clone()), ..member(ME, BuiltInRole::Member) };
    let to_group = |event| logged(10, Audience::Group(GROUP), event);
    let senders = |senders| Event::SendersUpdated(GroupSenders { group: GROUP, senders });
    let (pair, group_is) = (DirectPartner { group: GROUP, user: OTHER }, |group| {
        logged(10, Audience::All, Event::GroupUpdated(GroupUpdate::of(group)))
    });
    let lacks = GroupRefusal::RoleTooLow(Shortfall::Lacks(GroupPermission::Send));
    let mut viewer = viewer(&[(GROUP, 1)]);
    for (event, expected) in [
        (group_is(archived), Err(GroupRefusal::Archived)),
        (group_is(group()), Ok(())),
        (updated(10, silent.clone()), Err(GroupRefusal::Muted { until: muted.until })),
        (updated(10, member(ME, BuiltInRole::Member)), Ok(())),
        (updated(10, member(ME, BuiltInRole::Readonly)), Err(lacks)),
        (updated(10, member(ME, BuiltInRole::Member)), Ok(())),
        (to_group(senders(moderators())), Err(lacks)),
        (updated(10, Member { mute: None, ..silent.clone() }), Err(lacks)),
        (to_group(senders(crate::testing::senders())), Ok(())),
        (to_group(Event::DirectClosed(pair)), Err(GroupRefusal::DirectClosed)),
        (to_group(Event::DirectOpened(pair)), Ok(())),
        (removed(10, ME), Err(GroupRefusal::NotFound)),
    ] {
        let is_hidden = event.event.event_type().is_hidden();
        assert_eq!(viewer.apply_and_check(&event), !is_hidden);
        assert_eq!(may_write(&viewer), expected.map_err(Error::from), "{event:?}");
    }
    let Event::MemberAdded(again) = added(11, ME).event else { unreachable!() };
    let again = Event::MemberAdded(AddedMember { member: silent, ..again });
    viewer.apply(&logged(11, Audience::Group(GROUP), again));
    assert_eq!(may_write(&viewer), Err(GroupRefusal::Muted { until: muted.until }.into()));
}

#[test]
fn in_a_closed_conversation_nobody_is_shown_to_the_other() {
    let mut viewer = viewer(&[(GROUP, 1), (ELSEWHERE, 1)]);
    let closed = Event::DirectClosed(DirectPartner { group: GROUP, user: OTHER });
    viewer.apply(&logged(10, Audience::Group(GROUP), closed));
    assert_eq!(viewer.open_groups().collect::<Vec<_>>(), [ELSEWHERE]);
    assert_eq!(viewer.groups().count(), 2);
}
