use mockall::predicate::eq;

use super::*;
use crate::accounts::UserRef;
use crate::events::Audience;
use crate::groups::{Group, History};
use crate::ids::MessageId;
use crate::messages::model::MessageView;
use crate::messages::{ChangeTerms, MessageDraft, delete, edit, send, send_with_online};
use crate::permissions::{BuiltInRole, Role};
use crate::storage::Unique;
use crate::testing::{
    GROUP, ME, MESSAGE, MockTx, OTHER, assert_hands_faults_on, group, me, message, text, user,
};
use crate::validation::FieldError;

const THIRD: UserId = UserId::new(3);

fn draft(words: &str) -> MessageDraft {
    MessageDraft {
        group: GROUP,
        text: text(words),
        client_id: None,
        thread: None,
        reply_to: None,
        poll: None,
    }
}

/// A member who has read everything since long ago.
fn found(id: UserId) -> Mentionable {
    let membership = Some((Role::unchanged(BuiltInRole::Member, false), Seq::new(20)));
    Mentionable { user: user(id).as_ref(), membership, blocks_author: false }
}

fn named(user: UserId) -> MentionRow {
    MentionRow { user, is_named: true, is_told: true }
}

/// A group in which the actor writes, and where these are looked up.
fn writes_in(group: Group, role: BuiltInRole, found: Vec<Mentionable>) -> MockTx {
    let mut tx = MockTx::new().locks_group(Some(group), Some(role));
    tx.mentions.expect_look_up().times(1).returning(move |_| Ok(found.clone()));
    tx
}

/// The message is stored, with this text.
fn stores(mut tx: MockTx, words: &'static str) -> MockTx {
    tx.messages
        .expect_insert()
        .withf(move |new| new.text.as_str() == words)
        .times(1)
        .returning(|_| Ok(Unique::Stored(MESSAGE)));
    tx
}

fn mentions(mut tx: MockTx, rows: Vec<MentionRow>, kinds: Attachments) -> MockTx {
    tx.messages.expect_attach().with(eq(MESSAGE), eq(kinds)).times(1).returning(|_, _| Ok(()));
    if !rows.is_empty() {
        tx.mentions
            .expect_add()
            .withf(move |place, added| place.message == MESSAGE && added == rows)
            .times(1)
            .returning(|_, _| Ok(()));
    }
    tx
}

/// Who was told of a mention, and who was told that there is none any more.
fn told(tx: &MockTx) -> (Vec<UserId>, Vec<UserId>) {
    let (mut told, mut untold) = (Vec::new(), Vec::new());
    for (audience, actor, event) in &tx.emitted {
        let (list, update) = match event {
            Event::MentionCreated(update) => (&mut told, update),
            Event::MentionRemoved(update) => (&mut untold, update),
            _ => continue,
        };
        assert_eq!((*audience, *actor), (Audience::User(update.user), Some(ME)));
        assert_eq!(update.message.id, MESSAGE);
        list.push(update.user);
    }
    (told, untold)
}

#[test]
fn a_user_is_stored_by_id_and_told() {
    let tx = writes_in(group(), BuiltInRole::Member, vec![found(OTHER)]);
    let tx = stores(tx, "Hello <@2>, and `@user2`");
    let mut tx = mentions(tx, vec![named(OTHER)], Attachments::NAMES);
    let sent = send(&mut tx, &me(), &draft("Hello @USER2, and `@user2`")).unwrap();
    assert_eq!(sent.view.message.mentioned, [user(OTHER).as_ref()]);
    assert_eq!(sent.view.unreachable, [] as [UserRef; 0]);
    assert_eq!(told(&tx), (vec![OTHER], vec![]));
    let Event::MessageCreated(created) = &tx.emitted[0].2 else { panic!("{:?}", tx.emitted) };
    assert_eq!(*created, sent.view.message);
}

#[test]
fn a_text_without_a_mark_asks_nothing() {
    let tx = MockTx::new().locks_group(Some(group()), Some(BuiltInRole::Member));
    let mut tx = stores(tx, "ada@example.org `@user2`");
    let sent = send(&mut tx, &me(), &draft("ada@example.org `@user2`")).unwrap();
    assert!(!sent.view.message.attachments.mention());
    assert_eq!(told(&tx), (vec![], vec![]));
}

#[test]
fn only_who_may_read_the_message_is_mentioned() {
    let outsider = Mentionable { membership: None, ..found(OTHER) };
    let newcomer = Mentionable {
        membership: Some((Role::unchanged(BuiltInRole::Member, false), Seq::new(41))),
        ..found(THIRD)
    };
    let joined = Group { history: History::Joined, ..group() };
    let tx = writes_in(joined, BuiltInRole::Member, vec![outsider, newcomer]);
    let mut tx = stores(tx, "@user2 @user3 @user2 <@9>");
    let sent = send(&mut tx, &me(), &draft("@user2 <@3> @user2 <@9>")).unwrap();
    assert_eq!(sent.view.unreachable, [user(OTHER).as_ref(), user(THIRD).as_ref()]);
    assert_eq!(sent.view.message.mentioned, [] as [UserRef; 0]);
    assert_eq!(told(&tx), (vec![], vec![]));
}

#[test]
fn who_has_blocked_the_author_is_not_told_and_neither_is_the_author() {
    let blocking = Mentionable { blocks_author: true, ..found(OTHER) };
    let tx = writes_in(group(), BuiltInRole::Member, vec![blocking, found(ME)]);
    let tx = stores(tx, "<@2> <@1>");
    let silent = |user| MentionRow { user, is_named: true, is_told: false };
    let mut tx = mentions(tx, vec![silent(ME), silent(OTHER)], Attachments::NAMES);
    let sent = send(&mut tx, &me(), &draft("@user2 @user1")).unwrap();
    // The author sees no difference.
    assert_eq!(sent.view.message.mentioned, [user(ME).as_ref(), user(OTHER).as_ref()]);
    assert_eq!(sent.view.unreachable, [] as [UserRef; 0]);
    assert_eq!(told(&tx), (vec![], vec![]));
}

#[test]
fn all_and_here_take_a_permission_and_are_text_without_it() {
    let tx = MockTx::new().locks_group(Some(group()), Some(BuiltInRole::Member));
    let mut tx = stores(tx, "@all @here");
    let sent = send_with_online(&mut tx, &me(), &draft("@all @here"), &[OTHER]).unwrap();
    assert!(!sent.view.message.attachments.mention());

    let tx = writes_in(
        group(),
        BuiltInRole::Admin,
        vec![found(OTHER), Mentionable { membership: None, ..found(THIRD) }],
    );
    let tx = stores(tx, "@all @here");
    let here = MentionRow { user: OTHER, is_named: false, is_told: true };
    let mut tx = mentions(tx, vec![here], Attachments::ALL.with(Attachments::HERE));
    tx.mentions.expect_add_to_all().times(1).returning(|_| Ok(()));
    let sent = send_with_online(&mut tx, &me(), &draft("@all @here"), &[ME, OTHER, THIRD]).unwrap();
    assert_eq!(sent.view.message.mentioned, [] as [UserRef; 0]);
    assert_eq!(sent.view.unreachable, [] as [UserRef; 0]);
    assert_eq!(told(&tx), (vec![OTHER], vec![]));
}

#[test]
fn a_message_mentions_a_bounded_number_of_users() {
    let many: Vec<_> = (10..=60).map(|id| found(UserId::new(id))).collect();
    let words: String = many.iter().map(|found| format!("<@{}> ", found.user.id)).collect();
    let mut tx = writes_in(group(), BuiltInRole::Member, many);
    assert_eq!(send(&mut tx, &me(), &draft(&words)), Err(MessageRefusal::TooManyMentions.into()));
    assert_eq!(tx.emitted, []);
}

#[test]
fn a_text_that_is_too_long_with_ids_is_rejected() {
    let id = UserId::new(1_000_000_000_000);
    let mut far = found(id);
    far.user.username = Username::parse("ab").ok();
    let mut tx = writes_in(group(), BuiltInRole::Member, vec![far]);
    let words = "@ab ".repeat(2_500);
    let rejected = send(&mut tx, &me(), &draft(words.trim_end())).unwrap_err();
    let Error::Refused(crate::error::Refusal::Invalid(errors)) = rejected else { panic!("{rejected:?}") };
    let FieldError { field, violation } = &errors[0];
    assert_eq!((field.as_str(), violation.code), ("text", ViolationCode::TooLong));
}

/// The actor's message mentioned these before, and is edited where these are looked up.
fn edits(before: &[UserId], kinds: Attachments, old: Vec<MentionRow>, found: Vec<Mentionable>) -> MockTx {
    let mentioned = before.iter().map(|id| user(*id).as_ref()).collect::<Vec<_>>();
    let edited = crate::messages::Message { attachments: kinds, ..message(ME) };
    let named: Vec<_> = mentioned.into_iter().map(|user| (MESSAGE, user)).collect();
    let mut tx = writes_in(group(), BuiltInRole::Member, found).finds_message(Some(edited));
    tx.mentions.expect_named().returning(move |_| Ok(named.clone()));
    tx.mentions.expect_find().with(eq(MESSAGE)).returning(move |_| Ok(old.clone()));
    tx.messages.expect_update().times(1).returning(|_| Ok(()));
    tx.edits.expect_add().times(1).returning(|_, _, _| Ok(()));
    tx
}

#[test]
fn an_edit_tells_those_whom_it_adds_and_takes_back_what_it_removes() {
    let mut tx = edits(&[OTHER], Attachments::NAMES, vec![named(OTHER)], vec![found(THIRD)]);
    tx.mentions.expect_remove().withf(|_, users| users == [OTHER]).times(1).returning(|_, _| Ok(()));
    tx.mentions.expect_add().withf(|_, rows| rows == [named(THIRD)]).times(1).returning(|_, _| Ok(()));
    let view =
        edit(&mut tx, &me(), GROUP, MESSAGE, Some(&text("now @user3")), ChangeTerms::default()).unwrap();
    assert_eq!(view.message.text.unwrap().as_str(), "now <@3>");
    assert_eq!(view.message.mentioned, [user(THIRD).as_ref()]);
    assert_eq!(told(&tx), (vec![THIRD], vec![OTHER]));
}

#[test]
fn an_edit_that_sends_a_mention_back_keeps_it_also_of_who_is_gone() {
    let mut tx = edits(&[OTHER], Attachments::NAMES, vec![named(OTHER)], Vec::new());
    let view =
        edit(&mut tx, &me(), GROUP, MESSAGE, Some(&text("still <@2>")), ChangeTerms::default()).unwrap();
    assert_eq!(view.message.text.unwrap().as_str(), "still <@2>");
    assert_eq!(view.message.mentioned, [user(OTHER).as_ref()]);
    assert_eq!(told(&tx), (vec![], vec![]));
}

/// The actor's message has this text, mentions these and is found where others are looked up.
fn unchanged(words: &str, before: &[UserId], kinds: Attachments, found: Vec<Mentionable>) -> MockTx {
    let named: Vec<_> = before.iter().map(|id| (MESSAGE, user(*id).as_ref())).collect();
    let stored = crate::messages::Message { attachments: kinds, text: Some(text(words)), ..message(ME) };
    let mut tx = MockTx::new().locks_group(Some(group()), Some(BuiltInRole::Admin));
    tx.mentions.expect_look_up().returning(move |_| Ok(found.clone()));
    tx.mentions.expect_named().returning(move |_| Ok(named.clone()));
    tx.finds_message(Some(stored))
}

#[test]
fn an_edit_that_was_done_is_answered_again_whatever_its_terms_are() {
    use crate::messages::terms::ChangeTerms;
    let seen = Some(crate::ids::Version::FIRST);
    let over = ChangeTerms { if_version: seen, within: Some(std::time::Duration::ZERO) };
    let found = || unchanged("now <@3>, <@9>", &[THIRD], Attachments::NAMES, vec![found(THIRD)]);
    for repeated in ["now @user3, <@9>", "now <@3>, <@9>"] {
        let mut tx = found();
        let view = edit(&mut tx, &me(), GROUP, MESSAGE, Some(&text(repeated)), over).unwrap();
        assert_eq!(view.message.version, message(ME).version);
        assert_eq!(tx.emitted, []);
    }
    let other = edit(&mut found(), &me(), GROUP, MESSAGE, Some(&text("then @user3")), over);
    assert!(matches!(other, Err(Error::Refused(_))), "{other:?}");
    // The answer says again who can't be reached.
    let outsider = Mentionable { membership: None, ..self::found(OTHER) };
    let mut tx = unchanged("@user2 <@3>", &[THIRD], Attachments::NAMES, vec![outsider, self::found(THIRD)]);
    let view = edit(&mut tx, &me(), GROUP, MESSAGE, Some(&text("@user2 @user3")), over).unwrap();
    assert_eq!(view.unreachable, [user(OTHER).as_ref()]);
}

#[test]
fn a_text_that_stays_the_same_mentions_nobody_new() {
    // Its author may mention all by now, and the other one may read it.
    let mut tx = unchanged("@all and @user2", &[], Attachments::default(), vec![found(OTHER)]);
    let same = edit(&mut tx, &me(), GROUP, MESSAGE, Some(&text("@all and @user2")), ChangeTerms::default());
    assert!(!same.unwrap().message.attachments.mention());
    assert_eq!(tx.emitted, []);
}

#[test]
fn what_was_sent_is_found_again_also_where_it_could_not_be_sent_now() {
    let client_id = crate::messages::ClientId::parse("once").ok();
    let many: Vec<_> = (10..=60).map(|id| found(UserId::new(id))).collect();
    let words: String = many.iter().map(|found| format!("<@{}> ", found.user.id)).collect();
    let repeat = MessageDraft { client_id, ..draft(&words) };
    for earlier in [None, Some(crate::testing::view(message(ME)))] {
        let mut tx = writes_in(group(), BuiltInRole::Member, many.clone());
        let found = earlier.clone();
        tx.messages.expect_find_by_client_id().times(1).returning(move |_, _, _| Ok(found.clone()));
        let expected = earlier.ok_or(Error::from(MessageRefusal::TooManyMentions));
        let sent = send(&mut tx, &me(), &repeat).map(|sent| {
            assert!(sent.repeated);
            sent.view
        });
        assert_eq!(sent, expected);
    }
}

#[test]
fn all_who_are_told_share_one_copy_of_the_message() {
    let tx = writes_in(group(), BuiltInRole::Member, vec![found(OTHER), found(THIRD)]);
    let mut tx = mentions(stores(tx, "<@2> <@3>"), vec![named(OTHER), named(THIRD)], Attachments::NAMES);
    send(&mut tx, &me(), &draft("@user2 @user3")).unwrap();
    let told: Vec<_> = tx
        .emitted
        .iter()
        .filter_map(|(_, _, event)| match event {
            Event::MentionCreated(update) => Some(&update.message),
            _ => None,
        })
        .collect();
    assert_eq!(told.len(), 2);
    assert!(Arc::ptr_eq(told[0], told[1]));
}

#[test]
fn an_edit_tells_nobody_again_and_never_who_was_not_told() {
    let silent = MentionRow { user: OTHER, is_named: true, is_told: false };
    let mut tx = edits(&[OTHER], Attachments::NAMES, vec![silent], vec![found(OTHER)]);
    edit(&mut tx, &me(), GROUP, MESSAGE, Some(&text("once more @user2")), ChangeTerms::default()).unwrap();
    assert_eq!(told(&tx), (vec![], vec![]));
}

#[test]
fn a_deletion_takes_all_mentions_back() {
    let kinds = Attachments::NAMES.with(Attachments::ALL);
    let mentioned = crate::messages::Message {
        attachments: kinds.with(Attachments::THREAD),
        reactions: crate::messages::Reactions::NONE,
        ..message(ME)
    };
    let tx = MockTx::new().locks_group(Some(group()), Some(BuiltInRole::Member));
    let mut tx = tx.finds_message(Some(mentioned));
    tx.threads.expect_views().returning(|_, _| Ok(Vec::new()));
    tx.mentions.expect_named().returning(|_| Ok(vec![(MESSAGE, user(OTHER).as_ref())]));
    let silent = MentionRow { user: THIRD, is_named: true, is_told: false };
    tx.mentions.expect_find().returning(move |_| Ok(vec![named(OTHER), silent]));
    tx.mentions.expect_remove().withf(|_, users| users == [OTHER, THIRD]).times(1).returning(|_, _| Ok(()));
    tx.mentions.expect_remove_to_all().with(eq(MESSAGE)).times(1).returning(|_| Ok(()));
    tx.messages.expect_attach().with(eq(MESSAGE), eq(Attachments::THREAD)).times(1).returning(|_, _| Ok(()));
    tx.messages
        .expect_update()
        .withf(|message| message.is_deleted() && message.mentioned.is_empty())
        .times(1)
        .returning(|_| Ok(()));
    delete(&mut tx, &me(), GROUP, MESSAGE, ChangeTerms::default()).unwrap();
    assert_eq!(told(&tx), (vec![], vec![OTHER]));
}

#[test]
fn a_mention_in_a_thread_makes_its_user_follow_it() {
    let root = crate::testing::root(false);
    let thread = crate::testing::thread();
    let mut tx = writes_in(group(), BuiltInRole::Member, vec![found(THIRD)]);
    tx.messages
        .expect_find()
        .returning(move |_, _, _| Ok(Some(MessageView { thread: None, ..root.clone() })));
    let view = crate::testing::root(true).thread;
    tx.threads.expect_views().returning(move |_, _| Ok(view.clone().into_iter().collect()));
    tx.messages.expect_insert().times(1).returning(|_| Ok(Unique::Stored(MESSAGE)));
    tx.threads.expect_put().returning(|_| Ok(()));
    tx.threads.expect_participate().returning(|_, _, _| Ok(()));
    let mut tx = mentions(tx, vec![named(THIRD)], Attachments::NAMES);
    tx.threads
        .expect_follow_all()
        .withf(|root, users, seen| *root == MESSAGE && users == [THIRD] && *seen == MessageId::new(0))
        .times(1)
        .returning(|_, users, _| Ok(users.to_vec()));
    tx.threads.expect_find_many().returning(move |_| Ok(vec![thread.clone()]));
    tx.threads.expect_unfollow_oldest().times(1).returning(|_, _, _| Ok(Vec::new()));
    let draft = MessageDraft { thread: Some(MESSAGE), ..draft("well, @user3") };
    send(&mut tx, &me(), &draft).unwrap();
    assert_eq!(told(&tx).0, [THIRD]);
    let followed = tx
        .emitted
        .iter()
        .any(|(to, _, event)| *to == Audience::User(THIRD) && matches!(event, Event::ThreadFollowed(_)));
    assert!(followed, "{:?}", tx.emitted);
}

#[test]
fn faults_are_handed_on() {
    let scene = || {
        let tx = writes_in(group(), BuiltInRole::Member, vec![found(OTHER)]);
        mentions(stores(tx, "<@2>"), vec![named(OTHER)], Attachments::NAMES)
    };
    assert_hands_faults_on(scene, |tx| send(tx, &me(), &draft("@user2")));
}
