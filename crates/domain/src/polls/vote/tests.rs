use std::time::Duration;

use mockall::predicate::eq;

use super::*;
use crate::events::{Audience, PollUpdate};
use crate::groups::GroupRefusal;
use crate::ids::UserId;
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
    voted.options[0].first_voters = vec![ME];
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
    // Whoever tells it is woken once, however many votes follow.
    for (was_untold, wakes) in [(false, 1), (true, 0)] {
        let before = Poll { is_untold: was_untold, ..before.clone() };
        let mut tx = stores(finds(MEMBER, found_poll(OTHER, before, Choices::NONE)), first(), after.clone());
        tx.polls.expect_wake().times(wakes).returning(|| Ok(()));
        vote(&mut tx, &me(), GROUP, MESSAGE, first()).unwrap();
        assert_eq!(tx.emitted, []);
    }
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
    (after.options[0].first_voters, after.options[1].first_voters) = (Vec::new(), vec![ME]);
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
fn others_are_shown_in_the_place_of_who_takes_a_vote_back() {
    let second = Choices::from_iter([OptionId::new(2)]);
    let mut before = Poll { told_at: None, ..voted() };
    (before.options[0].votes, before.options[0].first_voters) = (3, vec![OTHER, ME]);
    let mut after = Poll { told_at: Some(NOW), voters: 1, ..before.clone() };
    (after.options[0].votes, after.options[0].first_voters) = (2, vec![OTHER, UserId::new(9)]);
    let takes_back = || {
        let mut tx =
            stores(finds(MEMBER, found_poll(OTHER, before.clone(), first())), Choices::NONE, after.clone());
        let ballots = vec![(OTHER, first()), (UserId::new(8), second), (UserId::new(9), first())];
        tx.polls
            .expect_some_ballots()
            .with(eq(MESSAGE), eq(LOOKED_AT))
            .times(1)
            .returning(move |_, _| Ok(ballots.clone()));
        tx
    };
    assert_eq!(unvote(&mut takes_back(), &me(), GROUP, MESSAGE).unwrap().poll, after);
    assert_hands_faults_on(takes_back, |tx| unvote(tx, &me(), GROUP, MESSAGE));
}

/// Whoever looks at what is stored, or shown, finds nobody.
#[test]
fn nobody_is_shown_as_a_voter_in_an_anonymous_poll() {
    let hash = BallotId::Secret([7; 32]);
    let mut found = found_poll(OTHER, Poll { anonymous: true, ..poll() }, Choices::NONE);
    found.view.as_mut().unwrap().ballot = Some(Ballot { id: hash, choices: Choices::NONE });
    let mut tx = finds(MEMBER, found);
    tx.polls
        .expect_put_ballot()
        .with(eq(MESSAGE), eq(hash), eq(first()))
        .times(1)
        .returning(|_, _, _| Ok(()));
    let is_nobody_shown = |poll: &Poll| poll.options.iter().all(|option| option.first_voters.is_empty());
    tx.polls.expect_update().withf(move |_, poll| is_nobody_shown(poll)).times(1).returning(|_, _| Ok(()));
    let view = vote(&mut tx, &me(), GROUP, MESSAGE, first()).unwrap();
    assert_eq!((view.poll.options[0].votes, view.shows_voters()), (1, false));
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
