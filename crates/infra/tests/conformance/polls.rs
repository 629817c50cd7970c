//! Polls and their ballots.

use std::time::Duration;

use groupchat_domain::ids::{GroupId, MessageId, UserId};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::polls::{
    BallotId, Choices, FoundVoters, OptionId, OptionText, Poll, PollDraft, PollOption, PollOptions,
    PollResults, TELL_EVERY, VoterQuery,
};
use groupchat_domain::secrets::SecretKeyId;
use groupchat_domain::storage::Tx;

use crate::support::fixture::*;

pub(crate) fn room(tx: &mut dyn Tx) -> (GroupId, UserId, UserId) {
    let (ann, bob) = (user(tx, "ann").id, user(tx, "bob").id);
    let group = group(tx, "chess");
    join(tx, group, ann, BuiltInRole::Owner);
    join(tx, group, bob, BuiltInRole::Member);
    (group, ann, bob)
}

pub(crate) fn poll(anonymous: bool) -> Poll {
    let options = ["yes", "nö", "\u{1f389} no"].map(|text| OptionText::parse(text).unwrap());
    let draft = PollDraft::new(PollOptions::parse(options.to_vec()).unwrap(), Some(2)).unwrap();
    Poll { anonymous, ..Poll::from(&draft) }
}

/// A message that is this poll.
pub(crate) fn ask(tx: &mut dyn Tx, group: GroupId, author: UserId, poll: &Poll) -> MessageId {
    let id = post(tx, group, author, "when?");
    tx.polls().insert(id, poll).unwrap().unwrap();
    id
}

fn some(bits: i64) -> Choices {
    Choices::from_stored(bits)
}

/// Under what a user's ballot is stored, and what they have voted for.
pub(crate) fn ballot(tx: &mut dyn Tx, id: MessageId, user: UserId) -> (BallotId, Choices) {
    let (_, view) = tx.polls().views(&[id], user).unwrap().pop().expect("a poll");
    let ballot = view.ballot.expect("its key can be read");
    (ballot.id, ballot.choices)
}

/// Stores what a user votes for, without counting it.
fn put(tx: &mut dyn Tx, id: MessageId, user: UserId, choices: Choices) {
    let (ballot, _) = ballot(tx, id, user);
    tx.polls().put_ballot(id, ballot, choices).unwrap();
}

fn a_poll_reads_back_with_all_its_terms(tx: &mut dyn Tx) {
    let (group, ann, bob) = room(tx);
    let plain = poll(false);
    let full = Poll {
        anonymous: true,
        results: PollResults::AfterVote,
        closes_at: Some(at(1_000)),
        told_at: Some(at(5)),
        is_untold: true,
        ..poll(true)
    };
    let (one, other) = (ask(tx, group, ann, &plain), ask(tx, group, ann, &full));
    let no_poll = post(tx, group, ann, "hello");
    let mut found = tx.polls().find_many(&[other, no_poll, one]).unwrap();
    found.sort_by_key(|(id, _)| *id);
    assert_eq!(found, [(one, plain.clone()), (other, full)]);
    let found = tx.polls().find(group, one, bob).unwrap().expect("the message");
    assert_eq!((found.place.author, found.place.group, found.is_deleted), (ann, group, false));
    assert_eq!(found.view.map(|view| view.poll), Some(plain));
    let found = tx.polls().find(group, no_poll, bob).unwrap().expect("the message");
    assert_eq!((found.view, found.place.is_reply), (None, false));
    let elsewhere = GroupId::new(group.get() + 1);
    assert_eq!(tx.polls().find(elsewhere, one, bob), Ok(None));
    assert_eq!(tx.polls().find_many(&[]), Ok(Vec::new()));
}

fn changes_of_a_poll_read_back(tx: &mut dyn Tx) {
    let (group, ann, _) = room(tx);
    let id = ask(tx, group, ann, &poll(false));
    let mut changed = Poll { closed_at: Some(at(7)), voters: 12, told_at: Some(at(6)), ..poll(false) };
    changed.options[2].votes = 12;
    tx.polls().update(id, &changed).unwrap();
    assert_eq!(tx.polls().find_many(&[id]), Ok(vec![(id, changed.clone())]));
    changed.options.push(PollOption::new(OptionText::parse("never").unwrap()));
    tx.polls().put_options(id, &changed).unwrap();
    assert_eq!(tx.polls().find_many(&[id]), Ok(vec![(id, changed)]));
}

fn everybody_has_a_ballot_of_their_own(tx: &mut dyn Tx) {
    let (group, ann, bob) = room(tx);
    for anonymous in [false, true] {
        let (id, other) = (ask(tx, group, ann, &poll(anonymous)), ask(tx, group, ann, &poll(anonymous)));
        assert_eq!(ballot(tx, id, ann).1, Choices::NONE);
        put(tx, id, ann, some(0b101));
        put(tx, id, bob, some(0b010));
        put(tx, other, ann, some(0b001));
        put(tx, id, ann, some(0b011));
        assert_eq!((ballot(tx, id, ann).1, ballot(tx, id, bob).1), (some(0b011), some(0b010)));
        assert_eq!((ballot(tx, other, ann).1, ballot(tx, other, bob).1), (some(0b001), Choices::NONE));
        let found = tx.polls().find(group, id, bob).unwrap().and_then(|found| found.view).expect("a poll");
        assert_eq!(found.choices(), Some(some(0b010)));
        put(tx, id, ann, Choices::NONE);
        assert_eq!(ballot(tx, id, ann).1, Choices::NONE);
    }
}

fn voters_are_listed_by_id_in_pages(tx: &mut dyn Tx) {
    let (group, ann, _) = room(tx);
    let id = ask(tx, group, ann, &poll(false));
    let users: Vec<_> = (0..5).map(|nth| user(tx, &format!("user{nth}")).id).collect();
    for (nth, voter) in users.iter().enumerate() {
        put(tx, id, *voter, if nth % 2 == 0 { some(0b110) } else { some(0b001) });
    }
    let mut list = |option, after, rows| {
        let query = VoterQuery { message: id, option: OptionId::new(option), after, limit: limit(rows) };
        let FoundVoters { rows, looked_up_to } = tx.polls().voters(&query).unwrap();
        assert_eq!(looked_up_to, None);
        rows.into_iter().map(|user| user.id).collect::<Vec<_>>()
    };
    assert_eq!(list(2, None, 10), [users[0], users[2], users[4]]);
    assert_eq!(list(3, None, 1), [users[0], users[2]], "one more than the limit");
    assert_eq!(list(2, Some(users[0]), 10), [users[2], users[4]]);
    assert_eq!(list(1, None, 10), [users[1], users[3]]);
    assert_eq!(list(4, None, 10), []);
}

fn some_ballots_are_those_of_the_first_users(tx: &mut dyn Tx) {
    let (group, ann, bob) = room(tx);
    let (id, other) = (ask(tx, group, ann, &poll(false)), ask(tx, group, ann, &poll(false)));
    assert_eq!(tx.polls().some_ballots(id, 10), Ok(Vec::new()));
    for (poll, voter, choices) in [(id, bob, 0b10), (id, ann, 0b11), (other, bob, 0b1)] {
        put(tx, poll, voter, some(choices));
    }
    assert_eq!(tx.polls().some_ballots(id, 10), Ok(vec![(ann, some(0b11)), (bob, some(0b10))]));
    assert_eq!(tx.polls().some_ballots(id, 1), Ok(vec![(ann, some(0b11))]));
}

fn first_voters_read_back_in_their_order(tx: &mut dyn Tx) {
    let (group, ann, bob) = room(tx);
    let mut shown = poll(false);
    shown.options[1].first_voters = vec![bob, ann];
    let id = ask(tx, group, ann, &shown);
    assert_eq!(tx.polls().find_many(&[id]), Ok(vec![(id, shown.clone())]));
    shown.options[0].first_voters = vec![ann];
    shown.options[1].first_voters = vec![bob];
    tx.polls().update(id, &shown).unwrap();
    // It is about the options that there were.
    shown.options.push(PollOption::new(OptionText::parse("never").unwrap()));
    tx.polls().put_options(id, &shown).unwrap();
    let found = tx.polls().views(&[id], ann).unwrap().remove(0).1.poll;
    assert_eq!(found, shown);
    shown.options.iter_mut().for_each(|option| option.first_voters.clear());
    tx.polls().update(id, &shown).unwrap();
    assert_eq!(tx.polls().find_many(&[id]), Ok(vec![(id, shown)]));
}

/// A clock that was ahead has told the last votes, and others came since.
fn what_a_wrong_clock_has_put_off_is_due(tx: &mut dyn Tx) {
    let (group, ann, _) = room(tx);
    let now = at(5_000_000);
    let told = |at| Poll { told_at: Some(at), is_untold: true, ..poll(false) };
    let far = ask(tx, group, ann, &told(now.plus(2 * TELL_EVERY)));
    let early = ask(tx, group, ann, &told(now.minus(TELL_EVERY)));
    let closed = Poll { closed_at: Some(now), is_untold: false, ..told(now.plus(2 * TELL_EVERY)) };
    let edge = ask(tx, group, ann, &told(now.plus(TELL_EVERY)));
    for poll in [told(now.plus(TELL_EVERY).minus(Duration::from_micros(1))), closed, told(now)] {
        ask(tx, group, ann, &poll);
    }
    let due = |tx: &mut dyn Tx, limit| {
        let places = tx.polls().due(now, limit).unwrap();
        places.into_iter().map(|place| place.message).collect::<Vec<_>>()
    };
    let all = due(tx, 10);
    assert_eq!((all[0], all.len()), (early, 3));
    assert!(all.contains(&far) && all.contains(&edge), "{all:?}");
    assert_eq!((due(tx, 1), due(tx, 2).len()), (vec![early], 2));
    assert!(tx.polls().next_due(now).unwrap().is_some_and(|at| at <= now));
    for done in [early, edge] {
        tx.polls().update(done, &Poll { told_at: Some(now), ..poll(false) }).unwrap();
    }
    assert_eq!((due(tx, 10), tx.polls().next_due(now)), (vec![far], Ok(Some(now))));
    tx.polls().update(far, &Poll { told_at: Some(now), ..poll(false) }).unwrap();
    assert_eq!((due(tx, 10), tx.polls().next_due(now)), (vec![], Ok(Some(now.plus(TELL_EVERY)))));
}

fn what_is_due_is_found_the_first_first(tx: &mut dyn Tx) {
    let (group, ann, _) = room(tx);
    assert_eq!(tx.polls().next_due(at(0)), Ok(None));
    let ends = |micros| Poll { closes_at: Some(at(micros)), ..poll(false) };
    let late = ask(tx, group, ann, &ends(300));
    let early = ask(tx, group, ann, &ends(100));
    let untold = ask(tx, group, ann, &poll(false));
    let closed = ask(tx, group, ann, &ends(50));
    ask(tx, group, ann, &poll(false));
    let told_at = at(200).minus(TELL_EVERY);
    tx.polls().update(untold, &Poll { told_at: Some(told_at), is_untold: true, ..poll(false) }).unwrap();
    tx.polls().update(closed, &Poll { closed_at: Some(at(50)), ..ends(50) }).unwrap();
    let mut due = |micros, rows| {
        let places = tx.polls().due(at(micros), rows).unwrap();
        places.into_iter().map(|place| place.message).collect::<Vec<_>>()
    };
    assert_eq!(due(99, 10), []);
    assert_eq!(due(100, 10), [early]);
    assert_eq!(due(1_000, 10), [early, untold, late]);
    assert_eq!(due(1_000, 2), [early, untold]);
    for now in [0, 100, 400] {
        assert_eq!(tx.polls().next_due(at(now)), Ok(Some(at(100))));
    }
}

fn a_poll_goes_with_its_ballots(tx: &mut dyn Tx) {
    let (group, ann, bob) = room(tx);
    for anonymous in [false, true] {
        let (id, other) = (ask(tx, group, ann, &poll(anonymous)), ask(tx, group, ann, &poll(anonymous)));
        for voter in [ann, bob] {
            put(tx, id, voter, some(1));
            put(tx, other, voter, some(1));
        }
        tx.polls().remove(id).unwrap();
        assert_eq!(tx.polls().find_many(&[id]), Ok(Vec::new()));
        assert_eq!(tx.polls().purge_ballots(id, 1), Ok(false));
        assert_eq!(tx.polls().purge_ballots(id, 2), Ok(true));
        assert_eq!(tx.polls().purge_ballots(id, 2), Ok(true));
        assert_eq!(ballot(tx, other, bob).1, some(1));
    }
}

fn a_group_goes_with_its_polls(tx: &mut dyn Tx) {
    let (group, ann, bob) = room(tx);
    for anonymous in [false, true] {
        let id = ask(tx, group, ann, &poll(anonymous));
        for voter in [ann, bob] {
            put(tx, id, voter, some(1));
        }
        let reply = reply(tx, group, id, bob);
        tx.polls().insert(reply, &poll(anonymous)).unwrap().unwrap();
        put(tx, reply, ann, some(2));
    }
    tx.groups().mark_deleted(group, at(9)).unwrap();
    let mut steps = 0;
    while !tx.groups().purge(group, 3).unwrap() {
        steps += 1;
        assert!(steps < 50);
    }
    assert_eq!(tx.groups().find_many(&[group]), Ok(Vec::new()));
}

fn keys_of_polls_are_listed_and_encrypted_again(tx: &mut dyn Tx) {
    let (group, ann, _) = room(tx);
    assert_eq!(tx.polls().keys_in_use(), Ok(Vec::new()));
    let ids = [true, false, true].map(|anonymous| ask(tx, group, ann, &poll(anonymous)));
    let listed = |tx: &mut dyn Tx, after, rows| {
        let found = tx.polls().secrets(after, rows).unwrap();
        found.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    assert_eq!(listed(tx, None, 10), [ids[0], ids[2]]);
    assert_eq!((listed(tx, None, 1), listed(tx, Some(ids[0]), 10)), (vec![ids[0]], vec![ids[2]]));
    assert_eq!(tx.polls().keys_in_use(), Ok(vec![SecretKeyId::new(1)]));
}

fn times_of_polls_are_not_rounded(tx: &mut dyn Tx) {
    let (group, ann, _) = room(tx);
    let closes_at = at(3).plus(Duration::from_micros(1));
    let id = ask(tx, group, ann, &Poll { closes_at: Some(closes_at), ..poll(false) });
    assert_eq!(tx.polls().find_many(&[id]).unwrap()[0].1.closes_at, Some(closes_at));
}

cases! { transaction:
    a_poll_reads_back_with_all_its_terms
    changes_of_a_poll_read_back
    everybody_has_a_ballot_of_their_own
    voters_are_listed_by_id_in_pages
    some_ballots_are_those_of_the_first_users
    first_voters_read_back_in_their_order
    what_a_wrong_clock_has_put_off_is_due
    what_is_due_is_found_the_first_first
    a_poll_goes_with_its_ballots
    a_group_goes_with_its_polls
    keys_of_polls_are_listed_and_encrypted_again
    times_of_polls_are_not_rounded
}
