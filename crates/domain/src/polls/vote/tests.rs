use std::time::Duration;

use mockall::predicate::eq;

use super::*;
use crate::events::{Audience, PollUpdate};
use crate::groups::GroupRefusal;
use crate::messages::MessageRefusal;
use crate::polls::{BallotId, FoundPoll, OptionId, Poll};
use crate::testing::{
    ADMIN, GROUP, GroupCaller, ME, MEMBER, MESSAGE, MockTx, NOW, OTHER, OUTSIDER, SERVER_ADMIN,
    assert_hands_faults_on, found_poll, me, poll, poll_update,
};

fn first() -> Choices {
    Choices::from_iter([OptionId::new(1)])
}

/// The poll once the actor has voted for its first option.
fn voted() -> Poll {
    let mut voted = poll();
    (voted.options[0].votes, voted.voters, voted.told_at) = (1, 2, Some(NOW));
    voted
}

fn finds(caller: GroupCaller, found: FoundPoll) -> MockTx {
    MockTx::new().called_by(caller).finds_poll(Some(found))
}

fn stores(mut tx: MockTx, choices: Choices, after: Poll) -> MockTx {
    tx.polls
        .expect_put_ballot()
        .with(eq(MESSAGE), eq(BallotId::Open(ME)), eq(choices))
        .times(1)
        .returning(|_, _, _| Ok(()));
    tx.polls.expect_update().with(eq(MESSAGE), eq(after)).times(1).returning(|_, _| Ok(()));
    tx
}

fn votes() -> MockTx {
    stores(finds(MEMBER, found_poll(OTHER, poll(), Choices::NONE)), first(), voted())
}

#[test]
fn members_vote_and_the_group_learns_the_counts_but_not_who_it_was() {
    for caller in [MEMBER, ADMIN] {
        let mut tx = stores(finds(caller, found_poll(OTHER, poll(), Choices::NONE)), first(), voted());
        let view = vote(&mut tx, &me(), GROUP, MESSAGE, first()).unwrap();
        assert_eq!((view.choices(), &view.poll), (Some(first()), &voted()));
        let told = Event::PollVoted(PollUpdate { poll: voted(), ..poll_update() });
        assert_eq!(tx.emitted, [(Audience::Group(GROUP), None, told)]);
    }
    assert_hands_faults_on(votes, |tx| vote(tx, &me(), GROUP, MESSAGE, first()));
}

#[test]
fn a_vote_soon_after_another_is_told_later() {
    let told_at = Some(NOW.minus(Duration::from_millis(499)));
    let before = Poll { told_at, ..poll() };
    let after = Poll { told_at, is_untold: true, ..voted() };
    let mut tx = stores(finds(MEMBER, found_poll(OTHER, before, Choices::NONE)), first(), after);
    vote(&mut tx, &me(), GROUP, MESSAGE, first()).unwrap();
    assert_eq!(tx.emitted, []);
}

#[test]
fn the_same_vote_again_changes_nothing_and_another_replaces_it() {
    let mut tx = finds(MEMBER, found_poll(OTHER, voted(), first()));
    assert_eq!(vote(&mut tx, &me(), GROUP, MESSAGE, first()).unwrap().poll, voted());
    assert_eq!(tx.emitted, []);
    let second = Choices::from_iter([OptionId::new(2)]);
    let before = Poll { told_at: None, ..voted() };
    let mut after = voted();
    (after.options[0].votes, after.options[1].votes) = (0, 2);
    let mut tx = stores(finds(MEMBER, found_poll(OTHER, before, first())), second, after.clone());
    assert_eq!(vote(&mut tx, &me(), GROUP, MESSAGE, second).unwrap().poll, after);
}

#[test]
fn a_vote_is_taken_back_once() {
    let before = Poll { told_at: None, ..voted() };
    let after = Poll { told_at: Some(NOW), ..poll() };
    let takes_back =
        || stores(finds(MEMBER, found_poll(OTHER, before.clone(), first())), Choices::NONE, after.clone());
    assert_eq!(unvote(&mut takes_back(), &me(), GROUP, MESSAGE).unwrap().poll, after);
    assert_hands_faults_on(takes_back, |tx| unvote(tx, &me(), GROUP, MESSAGE));
    let mut tx = finds(MEMBER, found_poll(OTHER, poll(), Choices::NONE));
    assert_eq!(unvote(&mut tx, &me(), GROUP, MESSAGE).unwrap().poll, poll());
}

#[test]
fn nobody_votes_once_the_time_is_over_whether_or_not_the_clock_has_come_to_it() {
    let closed = Poll { closed_at: Some(NOW), ..poll() };
    let over = Poll { closes_at: Some(NOW), ..poll() };
    for poll in [closed, over] {
        for choices in [first(), Choices::NONE] {
            let mut tx = finds(MEMBER, found_poll(OTHER, poll.clone(), Choices::NONE));
            let outcome = if choices.is_empty() {
                unvote(&mut tx, &me(), GROUP, MESSAGE)
            } else {
                vote(&mut tx, &me(), GROUP, MESSAGE, choices)
            };
            assert_eq!(outcome, Err(PollRefusal::Closed.into()));
        }
    }
}

#[test]
fn what_is_no_poll_is_not_voted_in() {
    let found = found_poll(OTHER, poll(), Choices::NONE);
    let plain = FoundPoll { view: None, ..found.clone() };
    let deleted = FoundPoll { view: None, is_deleted: true, ..found.clone() };
    let mut unread = found.clone();
    unread.place.history_seq = crate::ids::Seq::ZERO;
    let mut keyless = found;
    keyless.view.as_mut().unwrap().ballot = None;
    for (found, refusal) in [
        (Some(plain), PollRefusal::NoPoll.into()),
        (Some(deleted), MessageRefusal::Deleted.into()),
        (Some(unread), MessageRefusal::NotFound.into()),
        (Some(keyless), PollRefusal::NoKey.into()),
        (None, MessageRefusal::NotFound.into()),
    ] {
        let mut tx = MockTx::new().called_by(MEMBER).finds_poll(found);
        assert_eq!(vote(&mut tx, &me(), GROUP, MESSAGE, first()), Err(refusal));
        assert_eq!(tx.emitted, []);
    }
}

#[test]
fn nobody_else_votes() {
    for caller in [OUTSIDER, SERVER_ADMIN] {
        let mut tx = MockTx::new().called_by(caller);
        let outcome = vote(&mut tx, &me(), GROUP, MESSAGE, first());
        assert_eq!(outcome, Err(GroupRefusal::MembersOnly.into()), "{caller:?}");
    }
}
