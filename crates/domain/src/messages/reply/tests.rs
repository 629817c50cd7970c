use mockall::predicate::eq;

use super::*;
use crate::events::Audience;
use crate::groups::{GroupRefusal, History, Member, SlowMode, Standing, VisibleGroup};
use crate::ids::Seq;
use crate::messages::edit::delete;
use crate::messages::model::NewMessage;
use crate::messages::send::{MessageDraft, Sent, send};
use crate::messages::terms::ChangeTerms;
use crate::messages::thread::ThreadView;
use crate::permissions::{BuiltInRole, GroupPermission, Role};
use crate::storage::Unique;
use crate::testing::{
    GROUP, ME, MESSAGE, MockTx, NOW, OTHER, REPLY, assert_hands_faults_on, group, me, member, message, reply,
    root, standing, text, thread, user, view,
};

const NEXT: MessageId = MessageId::new(77);

fn draft() -> MessageDraft {
    MessageDraft {
        group: GROUP,
        text: text("hello"),
        client_id: None,
        thread: Some(MESSAGE),
        reply_to: None,
        poll: None,
    }
}

/// The reply of the draft under this number.
fn numbered(seq: i64) -> NewMessage {
    NewMessage {
        group: GROUP,
        thread: Some(InThread { root: MESSAGE, root_seq: message(OTHER).seq }),
        seq: Seq::new(seq),
        author: ME,
        text: text("hello"),
        client_id: None,
        created_at: NOW,
        attachments: Attachments::default(),
    }
}

/// A member of the group finds this message, and the thread under it.
fn finds(found: MessageView) -> MockTx {
    let mut tx = MockTx::new().locks_group(Some(group()), Some(BuiltInRole::Member));
    finds_root(&mut tx, found);
    tx
}

fn finds_root(tx: &mut MockTx, found: MessageView) {
    let thread = found.thread.clone();
    let bare = MessageView { thread: None, ..found };
    let find = tx.messages.expect_find().with(eq(GROUP), eq(MESSAGE), eq(ME));
    find.times(1).returning(move |_, _, _| Ok(Some(bare.clone())));
    if let Some(view) = thread {
        let views = tx.threads.expect_views().withf(|roots, viewer| roots == [MESSAGE] && *viewer == ME);
        views.times(1).returning(move |_, _| Ok(vec![view.clone()]));
    }
}

fn stores(mut tx: MockTx, seq: i64, thread: Thread, place: Option<i64>) -> MockTx {
    let insert = tx.messages.expect_insert().with(eq(numbered(seq)));
    insert.times(1).returning(|_| Ok(Unique::Stored(NEXT)));
    tx.threads.expect_put().with(eq(thread)).times(1).returning(|_| Ok(()));
    let participation = Participation { read_seq: Seq::new(seq), reply: NEXT, place };
    let participate = tx.threads.expect_participate().with(eq(MESSAGE), eq(ME), eq(participation));
    participate.times(1).returning(|_, _, _| Ok(()));
    tx
}

/// The thread with one more reply, by the actor.
fn grown(participants: &[UserId]) -> Thread {
    Thread {
        reply_count: 3,
        last_seq: Seq::new(4),
        last_reply: NEXT,
        last_reply_at: NOW,
        participants: participants.iter().map(|id| user(*id).as_ref()).collect(),
        ..thread()
    }
}

/// The thread that begins with the actor's reply.
fn begun() -> Thread {
    Thread { reply_count: 1, last_seq: Seq::new(1), ..grown(&[ME]) }
}

fn begins(author: UserId) -> MockTx {
    let mut tx = stores(finds(view(message(author))), 1, begun(), Some(1));
    let attach = tx.messages.expect_attach().with(eq(MESSAGE), eq(Attachments::THREAD));
    attach.times(1).returning(|_, _| Ok(()));
    tx.threads
        .expect_unfollow_oldest()
        .with(eq(ME), eq(Some(MESSAGE)), eq(MAX_FOLLOWED - 1))
        .returning(|_, _, _| Ok(vec![]));
    if author != ME {
        tx.members
            .expect_find()
            .with(eq(GROUP), eq(author))
            .times(1)
            .returning(|_, _| Ok(Some(member(OTHER, BuiltInRole::Member))));
        let follow = tx.threads.expect_follow().with(eq(MESSAGE), eq(author), eq(true), eq(UNSEEN));
        follow.times(1).returning(|_, _, _, _| Ok(true));
        tx.threads
            .expect_unfollow_oldest()
            .with(eq(author), eq(None), eq(MAX_FOLLOWED))
            .returning(|_, _, _| Ok(vec![]));
    }
    tx
}

fn follows_until_now(following: bool) -> MockTx {
    let mut tx = stores(finds(root(following)), 4, grown(&[OTHER, ME]), Some(2));
    if !following {
        tx.threads
            .expect_unfollow_oldest()
            .with(eq(ME), eq(Some(MESSAGE)), eq(MAX_FOLLOWED - 1))
            .returning(|_, _, _| Ok(vec![]));
    }
    tx
}

#[test]
fn the_first_reply_begins_a_thread_that_both_authors_follow() {
    for author in [OTHER, ME] {
        let mut tx = begins(author);
        let Sent { view, repeated } = send(&mut tx, &me(), &draft()).unwrap();
        let expected = numbered(1).into_message(NEXT, me().user);
        assert_eq!((view.message.clone(), view.thread, repeated), (expected, None, false));
        let mut told = vec![
            (Audience::Group(GROUP), Some(ME), Event::MessageCreated(view.message)),
            (Audience::Group(GROUP), Some(ME), Event::ThreadUpdated(ThreadUpdate(begun()))),
            (Audience::User(ME), Some(ME), Event::ThreadFollowed(OwnThread::of(&begun(), ME))),
        ];
        if author != ME {
            let followed = Event::ThreadFollowed(OwnThread::of(&begun(), author));
            told.push((Audience::User(author), Some(ME), followed));
        }
        assert_eq!(tx.emitted, told);
    }
}

#[test]
fn an_author_who_no_longer_has_the_message_in_their_history_does_not_follow() {
    let later = Member { joined_seq: message(OTHER).seq, ..member(OTHER, BuiltInRole::Member) };
    for author in [None, Some(later)] {
        let mut tx = MockTx::new()
            .locks_group(Some(Group { history: History::Joined, ..group() }), Some(BuiltInRole::Member));
        finds_root(&mut tx, view(message(OTHER)));
        let mut tx = stores(tx, 1, begun(), Some(1));
        tx.messages.expect_attach().returning(|_, _| Ok(()));
        tx.threads.expect_unfollow_oldest().times(1).returning(|_, _, _| Ok(vec![]));
        tx.members.expect_find().times(1).returning(move |_, _| Ok(author.clone()));
        send(&mut tx, &me(), &draft()).unwrap();
        let followers = tx.emitted.iter().filter(|(_, _, event)| matches!(event, Event::ThreadFollowed(_)));
        assert_eq!(followers.count(), 1, "the one who replied");
    }
}

#[test]
fn a_later_reply_takes_the_next_number_of_its_thread_and_its_author_follows_it() {
    for following in [true, false] {
        let mut tx = follows_until_now(following);
        let sent = send(&mut tx, &me(), &draft()).unwrap();
        assert_eq!(sent.view.message, numbered(4).into_message(NEXT, me().user));
        let told: Vec<_> = tx.emitted.iter().map(|(_, _, event)| event.event_type().as_str()).collect();
        let expected = ["message.created", "thread.updated", "thread.followed"];
        assert_eq!(told, expected[..if following { 2 } else { 3 }]);
    }
}

#[test]
fn the_first_five_are_the_participants() {
    let mut participants: Vec<_> = (1..=4).map(|id| user(UserId::new(id)).as_ref()).collect();
    assert_eq!(take_place(&mut participants, &user(UserId::new(2)).as_ref()), None);
    assert_eq!(take_place(&mut participants, &user(UserId::new(9)).as_ref()), Some(5));
    assert_eq!(take_place(&mut participants, &user(UserId::new(10)).as_ref()), None);
    assert_eq!(participants.len(), MAX_PARTICIPANTS);
}

#[test]
fn who_follows_too_many_threads_unfollows_the_oldest_and_is_told() {
    let mut tx = stores(finds(root(false)), 4, grown(&[OTHER, ME]), Some(2));
    let oldest = MessageId::new(5);
    tx.threads.expect_unfollow_oldest().returning(move |_, _, _| Ok(vec![oldest]));
    let ended = Thread { root: oldest, ..thread() };
    let found = ended.clone();
    tx.threads.expect_find_many().returning(move |_| Ok(vec![found.clone()]));
    send(&mut tx, &me(), &draft()).unwrap();
    let last = tx.emitted.pop().unwrap();
    assert_eq!(last, (Audience::User(ME), Some(ME), Event::ThreadUnfollowed(OwnThread::of(&ended, ME))));
}

/// The root, deleted, with so many replies that are not; `None` where nobody has replied.
fn deleted(replies: Option<i64>) -> MessageView {
    let MessageView { message, thread, .. } = root(true);
    let thread = replies.and_then(|reply_count| {
        let view = thread?;
        Some(ThreadView { thread: Thread { reply_count, ..view.thread }, ..view })
    });
    let mut message = message.into_tombstone(NOW);
    message.attachments = thread.as_ref().map_or(Attachments::default(), |_| Attachments::THREAD);
    MessageView { thread, ..view(message) }
}

#[test]
fn a_deleted_root_takes_replies_while_it_has_some() {
    for replies in [None, Some(0)] {
        let mut tx = finds(deleted(replies));
        assert_eq!(send(&mut tx, &me(), &draft()), Err(MessageRefusal::Deleted.into()), "{replies:?}");
        assert_eq!(tx.emitted, []);
    }
    let grown = Thread { reply_count: 2, ..grown(&[OTHER, ME]) };
    let mut tx = stores(finds(deleted(Some(1))), 4, grown, Some(2));
    assert!(send(&mut tx, &me(), &draft()).is_ok());
}

#[test]
fn a_reply_takes_no_replies_and_neither_does_what_is_not_there() {
    let mut tx = finds(view(Message { id: MESSAGE, ..reply(OTHER) }));
    assert_eq!(send(&mut tx, &me(), &draft()), Err(MessageRefusal::NotRoot.into()));
    let mut nothing = MockTx::new().locks_group(Some(group()), Some(BuiltInRole::Member)).finds_message(None);
    assert_eq!(send(&mut nothing, &me(), &draft()), Err(MessageRefusal::NotFound.into()));
}

/// The group, found by a member whose role has these permissions.
fn with_role(permissions: &[GroupPermission], change: impl FnOnce(&mut VisibleGroup)) -> MockTx {
    let member = Role::unchanged(BuiltInRole::Member, false);
    let role = Role { permissions: permissions.iter().copied().collect(), ..member };
    let mut found =
        VisibleGroup { group: group(), standing: Some(Standing { role, ..standing(BuiltInRole::Member) }) };
    change(&mut found);
    MockTx::new().locks_visible_group(Some(found))
}

#[test]
fn a_reply_needs_the_permission_to_reply_and_no_other() {
    let may_reply = [GroupPermission::View, GroupPermission::Reply];
    let mut tx = with_role(&may_reply, |_| ());
    finds_root(&mut tx, root(true));
    assert!(send(&mut stores(tx, 4, grown(&[OTHER, ME]), Some(2)), &me(), &draft()).is_ok());
    for permissions in
        [[GroupPermission::View, GroupPermission::Send], [GroupPermission::Reply, GroupPermission::Send]]
    {
        let outcome = send(&mut with_role(&permissions, |_| ()), &me(), &draft());
        assert!(matches!(outcome, Err(Error::Refused(_))), "{permissions:?}: {outcome:?}");
    }
    let mut archived = with_role(&may_reply, |found| found.group.archived_at = Some(NOW));
    assert_eq!(send(&mut archived, &me(), &draft()), Err(GroupRefusal::Archived.into()));
    let mut slowed = with_role(&may_reply, |found| {
        found.group.slow_mode = SlowMode::parse(60).unwrap();
        found.standing.as_mut().unwrap().last_sent_at = NOW;
    });
    let outcome = send(&mut slowed, &me(), &draft());
    assert!(matches!(outcome, Err(Error::Refused(crate::Refusal::Group(GroupRefusal::SlowMode { .. })))));
    let mut muted = with_role(&may_reply, |found| {
        found.standing.as_mut().unwrap().muted_until = Some(NOW.plus(std::time::Duration::from_secs(1)));
    });
    let outcome = send(&mut muted, &me(), &draft());
    assert!(matches!(outcome, Err(Error::Refused(crate::Refusal::Group(GroupRefusal::Muted { .. })))));
}

fn deletes_reply() -> MockTx {
    let mut tx = MockTx::new().locks_group(Some(group()), Some(BuiltInRole::Member));
    let found = view(reply(ME));
    tx.messages.expect_find().times(1).returning(move |_, _, _| Ok(Some(found.clone())));
    tx.messages.expect_update().times(1).returning(|_| Ok(()));
    tx.jobs.expect_enqueue().returning(|_, _| Ok(()));
    tx.messages.expect_purge_reactions().returning(|_, _| Ok(true));
    tx.threads
        .expect_find_many()
        .withf(|roots| roots == [MESSAGE])
        .times(1)
        .returning(|_| Ok(vec![thread()]));
    let left = Thread { reply_count: 1, ..thread() };
    tx.threads.expect_put().with(eq(left)).times(1).returning(|_| Ok(()));
    tx
}

#[test]
fn a_deleted_reply_counts_no_longer_and_keeps_its_number() {
    let mut tx = deletes_reply();
    delete(&mut tx, &me(), GROUP, REPLY, ChangeTerms::default()).unwrap();
    let left = Thread { reply_count: 1, ..thread() };
    let last = tx.emitted.pop().unwrap();
    assert_eq!(last, (Audience::Group(GROUP), Some(ME), Event::ThreadUpdated(ThreadUpdate(left))));
    assert_eq!(tx.emitted[0].2.event_type().as_str(), "message.deleted");
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(|| begins(OTHER), |tx| send(tx, &me(), &draft()));
    assert_hands_faults_on(|| follows_until_now(false), |tx| send(tx, &me(), &draft()));
    assert_hands_faults_on(deletes_reply, |tx| delete(tx, &me(), GROUP, REPLY, ChangeTerms::default()));
}
