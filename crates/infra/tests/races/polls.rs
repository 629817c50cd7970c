//! Races about polls: many who vote at once, votes against the end, and the clock on several servers.

use std::collections::BTreeSet;

use groupchat_domain::Refusal;
use groupchat_domain::accounts::Actor;
use groupchat_domain::events::EventType;
use groupchat_domain::ids::{GroupId, MessageId};
use groupchat_domain::messages::{self, MessageDraft};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::polls::{
    self, Choices, FIRST_VOTERS, OptionId, OptionText, Poll, PollDraft, PollOptions, PollRefusal, TELL_EVERY,
};
use groupchat_domain::storage::Tx;

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::people::Person;
use crate::support::fixture::text;
use crate::support::log::about;

/// How many vote at once.
const VOTERS: usize = 50;
/// How many do where rounds are repeated.
const FEW: usize = 5;

fn ask(arena: &Arena, author: &Person, group: GroupId, anonymous: bool) -> MessageId {
    let options = ["a", "b", "c"].map(|text| OptionText::parse(text).unwrap());
    let mut poll = PollDraft::new(PollOptions::parse(options.to_vec()).unwrap(), Some(2)).unwrap();
    poll.anonymous = anonymous;
    let draft = MessageDraft {
        group,
        text: text("what?"),
        client_id: None,
        thread: None,
        reply_to: None,
        poll: Some(poll),
    };
    arena.act(author.who, move |tx, actor| messages::send(tx, actor, &draft)).unwrap().view.message.id
}

fn some(bits: usize) -> Choices {
    Choices::from_stored(i64::try_from(bits).expect("a small number"))
}

fn vote(
    arena: &Arena,
    voter: &Person,
    (group, id): (GroupId, MessageId),
    choices: Choices,
) -> Result<(), Refusal> {
    let vote = move |tx: &mut dyn Tx, actor: &Actor| polls::vote(tx, actor, group, id, choices).map(drop);
    arena.act(voter.who, vote)
}

fn group(arena: &Arena, people: &[Person]) -> GroupId {
    let roles: Vec<_> = people.iter().map(|person| (person, BuiltInRole::Member)).collect();
    arena.group(&roles)
}

/// The poll, and what each of these has voted for.
fn look(arena: &Arena, voters: &[Person], id: MessageId) -> (Poll, Vec<Choices>) {
    let users: Vec<_> = voters.iter().map(|voter| voter.id).collect();
    arena.look(move |tx| {
        let views: Vec<_> =
            users.iter().map(|user| tx.polls().views(&[id], *user).unwrap().remove(0).1).collect();
        let choices = views.iter().map(|view| view.choices().expect("a key")).collect();
        (views[0].poll.clone(), choices)
    })
}

/// Fails unless the counts are those of the ballots of these voters, and the first voters among them, unless these are secret.
fn recount(poll: &Poll, voters: &[Person], ballots: &[Choices]) {
    for (index, option) in poll.options.iter().enumerate() {
        let votes = voters.iter().zip(ballots).filter(|(_, choices)| choices.contain(OptionId::at(index)));
        let stored: Vec<_> = votes.map(|(voter, _)| voter.id).collect();
        assert_eq!(usize::try_from(option.votes), Ok(stored.len()), "option {index} is miscounted");
        let first = &option.first_voters;
        let shown = if poll.anonymous { 0 } else { stored.len().min(FIRST_VOTERS) };
        assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), shown, "{first:?} of {stored:?}");
        assert!(first.iter().all(|voter| stored.contains(voter)), "{first:?} of {stored:?}");
    }
    let voters = ballots.iter().filter(|choices| !choices.is_empty()).count();
    assert_eq!(usize::try_from(poll.voters), Ok(voters), "voters are miscounted");
}

/// However many vote at once, each twice and some a third time, everybody has one vote, and it is counted once.
fn fifty_voters_are_counted_right(arena: &Arena) {
    let voters: Vec<Person> = (0..VOTERS).map(|_| arena.person()).collect();
    let group = group(arena, &voters);
    for anonymous in [false, true] {
        let id = ask(arena, &voters[0], group, anonymous);
        let mut parts: Vec<Part<'_, Result<(), Refusal>>> = Vec::new();
        for (nth, voter) in voters.iter().enumerate() {
            parts.push(part(move || vote(arena, voter, (group, id), some(1 << (nth % 3)))));
            parts.push(part(move || vote(arena, voter, (group, id), some(0b11 << (nth % 2)))));
            if nth.is_multiple_of(4) {
                let unvote =
                    move |tx: &mut dyn Tx, actor: &Actor| polls::unvote(tx, actor, group, id).map(drop);
                parts.push(part(move || arena.act(voter.who, unvote)));
            }
        }
        let outcomes = at_once(parts);
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        let (poll, ballots) = look(arena, &voters, id);
        recount(&poll, &voters, &ballots);
        assert!(poll.voters > 0);
    }
}

/// A vote against the end counts or is refused: the end tells all votes that count, and none comes after it.
fn a_vote_counts_or_comes_too_late(arena: &Arena) {
    let voters: Vec<Person> = (0..FEW).map(|_| arena.person()).collect();
    let group = group(arena, &voters);
    rounds(|round| {
        let id = ask(arena, &voters[0], group, round.is_multiple_of(2));
        let author = &voters[0];
        let mut parts: Vec<Part<'_, Result<(), Refusal>>> = vec![part(move || {
            arena.act(author.who, move |tx, actor| polls::close(tx, actor, group, id).map(drop))
        })];
        for (nth, voter) in voters.iter().enumerate() {
            parts.push(part(move || vote(arena, voter, (group, id), some(1 << (nth % 3)))));
        }
        let outcomes = at_once(parts);
        for refusal in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
            assert_eq!(*refusal, Refusal::Poll(PollRefusal::Closed));
        }
        let counted = outcomes[1..].iter().filter(|outcome| outcome.is_ok()).count();
        let (poll, ballots) = look(arena, &voters, id);
        recount(&poll, &voters, &ballots);
        assert_eq!((usize::try_from(poll.voters), poll.closed_at.is_some()), (Ok(counted), true));
        assert_eq!((poll.is_untold, poll.due_at()), (false, None));
        let told = about(&arena.news(), group);
        let told: Vec<_> = told.into_iter().filter(|event| event.subject.message == Some(id)).collect();
        let last = told.last().map(|event| event.event_type);
        assert_eq!(last, Some(EventType::PollClosed), "{told:?}");
    });
}

/// Several servers that do what is due at once close each poll once.
fn a_poll_is_closed_once_by_the_clock(arena: &Arena) {
    let people = [arena.person()];
    let group = group(arena, &people);
    rounds(|_| {
        let ids: Vec<_> = (0..3).map(|_| ask(arena, &people[0], group, false)).collect();
        let due = ids.clone();
        arena.prepare(move |tx| {
            for id in &due {
                let (_, poll) = tx.polls().find_many(&[*id]).unwrap().remove(0);
                let told_at = Some(tx.now().minus(TELL_EVERY));
                tx.polls().update(*id, &Poll { told_at, is_untold: true, ..poll }).unwrap();
            }
        });
        let parts = (0..3).map(|_| part(move || arena.wait_for(polls::settle_all(arena.server()))));
        assert!(at_once(parts.collect()).into_iter().all(|outcome| outcome.is_ok()));
        let news = about(&arena.news(), group);
        for id in ids {
            let is_told = |event: &&groupchat_domain::events::EventRecord| {
                event.event_type == EventType::PollVoted && event.subject.message == Some(id)
            };
            assert_eq!(news.iter().filter(is_told).count(), 1, "the votes in {id} are told once");
        }
    });
}

/// A question is edited or voted on, never both at once: whoever edits sees that nobody has voted.
fn a_question_stays_what_was_voted_on(arena: &Arena) {
    let voters: Vec<Person> = (0..FEW).map(|_| arena.person()).collect();
    let group = group(arena, &voters);
    rounds(|round| {
        let id = ask(arena, &voters[0], group, round.is_multiple_of(2));
        let (author, voter) = (&voters[0], &voters[1]);
        let outcomes = at_once(vec![
            part(move || {
                let other = text("what else?");
                let edit = move |tx: &mut dyn Tx, actor: &Actor| {
                    let terms = messages::ChangeTerms::default();
                    messages::edit(tx, actor, group, id, Some(&other), terms).map(drop)
                };
                arena.act(author.who, edit)
            }),
            part(move || vote(arena, voter, (group, id), some(1))),
        ]);
        assert_eq!(outcomes[1], Ok(()));
        let news = about(&arena.news(), group);
        let place = |event_type| {
            news.iter().position(|event| event.event_type == event_type && event.subject.message == Some(id))
        };
        match &outcomes[0] {
            Ok(()) => assert!(place(EventType::MessageUpdated) < place(EventType::PollVoted), "{news:?}"),
            Err(refusal) => assert_eq!(*refusal, Refusal::Poll(PollRefusal::HasVotes)),
        }
    });
}

cases! { once:
    fifty_voters_are_counted_right
    a_vote_counts_or_comes_too_late
    a_poll_is_closed_once_by_the_clock
    a_question_stays_what_was_voted_on
}
