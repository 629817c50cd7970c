use mockall::predicate::eq;

use super::*;
use crate::events::{Audience, PollUpdate};
use crate::ids::UserId;
use crate::polls::{Choices, Poll, PollOption};
use crate::testing::{
    GROUP, ME, MEMBER, MESSAGE, MockTx, NOW, OTHER, assert_hands_faults_on, found_poll, me, poll, poll_update,
};

fn text(text: &str) -> OptionText {
    OptionText::parse(text).unwrap()
}

/// A poll to which these add options, in which nobody has voted.
fn unvoted(options_by: OptionsBy) -> Poll {
    let mut unvoted = Poll { options_by, voters: 0, ..poll() };
    unvoted.options[1].votes = 0;
    unvoted
}

fn longer(mut poll: Poll) -> Poll {
    poll.options.push(PollOption::new(text("maybe")));
    poll
}

fn finds(author: UserId, poll: Poll) -> MockTx {
    MockTx::new().called_by(MEMBER).finds_poll(Some(found_poll(author, poll, Choices::NONE)))
}

fn adds(author: UserId, before: Poll) -> MockTx {
    let mut tx = finds(author, before.clone());
    tx.polls.expect_put_options().with(eq(MESSAGE), eq(longer(before))).times(1).returning(|_, _| Ok(()));
    tx
}

#[test]
fn authors_add_options_until_somebody_votes_and_members_also_later() {
    let by_members = Poll { options_by: OptionsBy::Members, ..poll() };
    for (author, before) in
        [(ME, unvoted(OptionsBy::Author)), (OTHER, unvoted(OptionsBy::Members)), (OTHER, by_members)]
    {
        let mut tx = adds(author, before.clone());
        let added = add_option(&mut tx, &me(), GROUP, MESSAGE, &text("maybe")).unwrap().poll;
        assert_eq!(added, longer(before));
        let told = Event::PollUpdated(PollUpdate { poll: added, ..poll_update() });
        assert_eq!(tx.emitted, [(Audience::Group(GROUP), Some(ME), told)]);
    }
    let before = || unvoted(OptionsBy::Author);
    assert_hands_faults_on(|| adds(ME, before()), |tx| add_option(tx, &me(), GROUP, MESSAGE, &text("maybe")));
}

#[test]
fn what_is_voted_on_stays_as_it_is() {
    let over = Poll { closes_at: Some(NOW), ..unvoted(OptionsBy::Members) };
    for (author, poll, refusal) in [
        (ME, poll(), PollRefusal::HasVotes.into()),
        (OTHER, unvoted(OptionsBy::Author), MessageRefusal::NotAuthor.into()),
        (OTHER, over, PollRefusal::Closed.into()),
    ] {
        let mut tx = finds(author, poll);
        assert_eq!(add_option(&mut tx, &me(), GROUP, MESSAGE, &text("maybe")), Err(refusal));
        assert_eq!(tx.emitted, []);
    }
}

#[test]
fn an_option_that_is_there_is_not_added_again() {
    let mut tx = finds(ME, unvoted(OptionsBy::Author));
    let same = add_option(&mut tx, &me(), GROUP, MESSAGE, &text("Yes")).unwrap();
    assert_eq!((same.poll, tx.emitted.len()), (unvoted(OptionsBy::Author), 0));
}
