use mockall::predicate::eq;

use super::*;
use crate::accounts::UserRef;
use crate::events::Audience;
use crate::groups::GroupRefusal;
use crate::messages::model::Message;
use crate::messages::reactions::Reactions;
use crate::permissions::BuiltInRole;
use crate::testing::{
    ADMIN, EARLIER, GROUP, GroupCaller, ME, MEMBER, MESSAGE, MockTx, NOW, OTHER, OUTSIDER, OWNER, PARTY,
    SERVER_ADMIN, SERVER_ADMIN_INSIDE, assert_hands_faults_on, group, me, message, tombstone, user, view,
};

/// How the use cases are called.
type Change = fn(&mut dyn Tx, &Actor, GroupId, MessageId, Emoji) -> Result<MessageView, Error>;

const BOTH: [Change; 2] = [react, unreact];

/// A like, a reaction that somebody gave before, and one that is new.
fn some_emoji() -> [Emoji; 3] {
    [Emoji::LIKE, PARTY, Emoji::parse("❤️").unwrap()]
}

/// The message once its count has changed.
fn changed(change: impl FnOnce(&mut Reactions)) -> Message {
    let mut changed = message(OTHER);
    change(&mut changed.reactions);
    changed.version = changed.version.next();
    changed
}

fn stores(mut tx: MockTx, message: Message) -> MockTx {
    tx.messages.expect_update().with(eq(message)).times(1).returning(|_| Ok(()));
    tx
}

fn adds(caller: GroupCaller, emoji: Emoji, is_new: bool) -> MockTx {
    let mut tx = MockTx::new().called_by(caller).finds_message(Some(message(OTHER)));
    tx.messages
        .expect_add_reaction()
        .with(eq(MESSAGE), eq(ME), eq(emoji), eq(NOW))
        .times(1)
        .returning(move |_, _, _, _| Ok(is_new));
    tx
}

fn removes(caller: GroupCaller, emoji: Emoji, was_there: bool) -> MockTx {
    let mut tx = MockTx::new().called_by(caller).finds_message(Some(message(OTHER)));
    tx.messages
        .expect_remove_reaction()
        .with(eq(MESSAGE), eq(ME), eq(emoji))
        .times(1)
        .returning(move |_, _, _| Ok(was_there));
    tx
}

/// What the group is told: of a like as ever, of another reaction with its emoji.
fn told(message: Message, emoji: Emoji, is_given: bool) -> Event {
    match (emoji, is_given) {
        (Emoji::LIKE, true) => Event::MessageLiked(message),
        (Emoji::LIKE, false) => Event::MessageUnliked(message),
        (_, true) => Event::MessageReacted(MessageReaction { message, emoji }),
        (_, false) => Event::MessageUnreacted(MessageReaction { message, emoji }),
    }
}

#[test]
fn members_react_to_a_message_and_the_group_learns_the_new_count() {
    for caller in [MEMBER, ADMIN, OWNER, SERVER_ADMIN_INSIDE] {
        for emoji in some_emoji() {
            let after = changed(|reactions| reactions.add(emoji));
            let mut tx = stores(adds(caller, emoji, true), after.clone());
            let answer = react(&mut tx, &me(), GROUP, MESSAGE, emoji).unwrap();
            let reacted = if emoji == Emoji::LIKE { Vec::new() } else { vec![emoji] };
            let liked = emoji == Emoji::LIKE;
            assert_eq!(answer, MessageView { liked, reacted, ..view(after.clone()) }, "{caller:?}");
            assert_eq!(tx.emitted, [(Audience::Group(GROUP), Some(ME), told(after, emoji, true))]);
        }
    }
}

#[test]
fn members_take_a_reaction_back_and_the_group_learns_the_new_count() {
    for caller in [MEMBER, ADMIN, OWNER, SERVER_ADMIN_INSIDE] {
        for emoji in [Emoji::LIKE, PARTY] {
            let after = changed(|reactions| reactions.remove(emoji));
            let mut tx = stores(removes(caller, emoji, true), after.clone());
            assert_eq!(unreact(&mut tx, &me(), GROUP, MESSAGE, emoji), Ok(view(after.clone())), "{caller:?}");
            assert_eq!(tx.emitted, [(Audience::Group(GROUP), Some(ME), told(after, emoji, false))]);
        }
    }
}

#[test]
fn a_like_is_a_reaction() {
    let after = changed(|reactions| reactions.add(Emoji::LIKE));
    let liked = like(&mut stores(adds(MEMBER, Emoji::LIKE, true), after), &me(), GROUP, MESSAGE).unwrap();
    assert!(liked.liked && liked.message.reactions.likes() == 3);
    let after = changed(|reactions| reactions.remove(Emoji::LIKE));
    let unliked =
        unlike(&mut stores(removes(MEMBER, Emoji::LIKE, true), after), &me(), GROUP, MESSAGE).unwrap();
    assert!(!unliked.liked && unliked.message.reactions.likes() == 1);
}

#[test]
fn nobody_else_does_server_admins_not_excepted() {
    for change in BOTH {
        for caller in [OUTSIDER, SERVER_ADMIN] {
            let outcome = change(&mut MockTx::new().called_by(caller), &me(), GROUP, MESSAGE, PARTY);
            assert_eq!(outcome, Err(GroupRefusal::MembersOnly.into()), "{caller:?}");
        }
    }
}

#[test]
fn repeats_change_nothing() {
    for emoji in [Emoji::LIKE, PARTY] {
        let mut tx = adds(MEMBER, emoji, false);
        assert_eq!(react(&mut tx, &me(), GROUP, MESSAGE, emoji), Ok(view(message(OTHER))));
        assert_eq!(tx.emitted, []);
        let mut tx = removes(MEMBER, emoji, false);
        assert_eq!(unreact(&mut tx, &me(), GROUP, MESSAGE, emoji), Ok(view(message(OTHER))));
        assert_eq!(tx.emitted, []);
    }
}

#[test]
fn own_reactions_are_in_the_order_of_all() {
    let mut own = view(message(OTHER));
    let [like, party, heart] = some_emoji();
    own.message.reactions.add(heart);
    for emoji in [heart, like, party] {
        own.set_own_reaction(emoji, true);
        assert!(own.has_own_reaction(emoji));
    }
    assert_eq!(own.reacted, [party, heart]);
    own.set_own_reaction(party, false);
    assert_eq!((own.liked, own.reacted), (true, vec![heart]));
}

#[test]
fn a_message_takes_twenty_different_reactions() {
    let mut full = message(OTHER);
    for number in 0..18 {
        let face = char::from_u32(0x1F600 + number).unwrap().to_string();
        full.reactions.add(Emoji::parse(&face).unwrap());
    }
    let finds = || MockTx::new().called_by(MEMBER).finds_message(Some(full.clone()));
    let outcome = react(&mut finds(), &me(), GROUP, MESSAGE, some_emoji()[2]);
    assert_eq!(outcome, Err(MessageRefusal::TooManyReactions.into()));
    let mut tx = finds();
    tx.messages.expect_add_reaction().times(1).returning(|_, _, _, _| Ok(true));
    tx.messages.expect_update().times(1).returning(|_| Ok(()));
    assert_eq!(react(&mut tx, &me(), GROUP, MESSAGE, PARTY).unwrap().message.reactions.count(PARTY), 2);
}

#[test]
fn a_tombstone_takes_no_reaction_and_has_none_to_take_back() {
    let tx = || MockTx::new().called_by(MEMBER).finds_message(Some(tombstone(OTHER)));
    for emoji in [Emoji::LIKE, PARTY] {
        let outcome = react(&mut tx(), &me(), GROUP, MESSAGE, emoji);
        assert_eq!(outcome, Err(MessageRefusal::Deleted.into()));
        assert_eq!(unreact(&mut tx(), &me(), GROUP, MESSAGE, emoji), Ok(view(tombstone(OTHER))));
    }
}

#[test]
fn a_group_or_message_that_is_not_there_has_no_reactions() {
    for change in BOTH {
        let mut no_group = MockTx::new().locks_group(None, None);
        let outcome = change(&mut no_group, &me(), GROUP, MESSAGE, PARTY);
        assert_eq!(outcome, Err(GroupRefusal::NotFound.into()));
        let mut no_message = MockTx::new().called_by(MEMBER).finds_message(None);
        let outcome = change(&mut no_message, &me(), GROUP, MESSAGE, PARTY);
        assert_eq!(outcome, Err(MessageRefusal::NotFound.into()));
    }
}

fn one() -> Limit {
    Limit::parse(1).unwrap()
}

fn reactor(id: UserId) -> Reactor {
    Reactor { user: UserRef { id, ..user(id).as_ref() }, at: EARLIER }
}

/// A member asks who after [`ME`] has given the reaction: `found`.
fn lists(found: Vec<Reactor>) -> MockTx {
    let tx = MockTx::new().finds_group(Some(group()), Some(BuiltInRole::Member));
    let mut tx = tx.finds_message(Some(message(OTHER)));
    let query = ReactionQuery { message: MESSAGE, emoji: PARTY, after: Some(ME), limit: one() };
    tx.messages.expect_list_reactors().with(eq(query)).returning(move |_| Ok(found.clone()));
    tx
}

fn list(tx: &mut dyn Tx) -> Result<Page<Reactor>, Error> {
    list_reactors(tx, &me(), (GROUP, MESSAGE, PARTY), Some(ME), one())
}

#[test]
fn members_see_who_has_reacted_and_nobody_else() {
    let items = vec![reactor(OTHER)];
    let more = vec![reactor(OTHER), reactor(UserId::new(99))];
    assert_eq!(list(&mut lists(more)), Ok(Page { items: items.clone(), more: true }));
    assert_eq!(list(&mut lists(items.clone())), Ok(Page { items, more: false }));
    let mut outside = MockTx::new().finds_group(Some(group()), None);
    assert_eq!(list(&mut outside), Err(GroupRefusal::MembersOnly.into()));
    assert_eq!(list(&mut MockTx::new().finds_group(None, None)), Err(GroupRefusal::NotFound.into()));
    let member = || MockTx::new().finds_group(Some(group()), Some(BuiltInRole::Member));
    assert_eq!(list(&mut member().finds_message(None)), Err(MessageRefusal::NotFound.into()));
    let deleted = list(&mut member().finds_message(Some(tombstone(OTHER))));
    assert_eq!(deleted, Ok(Page { items: Vec::new(), more: false }));
}

#[test]
fn faults_are_returned() {
    let after = changed(|reactions| reactions.add(PARTY));
    let reacting = || stores(adds(MEMBER, PARTY, true), after.clone());
    assert_hands_faults_on(reacting, |tx| react(tx, &me(), GROUP, MESSAGE, PARTY));
    let after = changed(|reactions| reactions.remove(PARTY));
    let unreacting = || stores(removes(MEMBER, PARTY, true), after.clone());
    assert_hands_faults_on(unreacting, |tx| unreact(tx, &me(), GROUP, MESSAGE, PARTY));
    assert_hands_faults_on(|| lists(vec![reactor(OTHER)]), list);
}
