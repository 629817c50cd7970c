//! Removing messages for their age.

use std::collections::BTreeMap;
use std::time::Duration;

use groupchat_domain::groups::{RetentionDays, SeqSpan, Trimmed};
use groupchat_domain::ids::{GroupId, MessageId, Seq, UserId, Version};
use groupchat_domain::messages::{
    Attachments, EarlierText, MentionPlace, MentionQuery, MentionRow, Message, MessageQuery, MessageRange,
    NewMessage, Pin, PinQuery, PinSeq, TimePlace, TimeQuery,
};
use groupchat_domain::retention::{
    RetentionBy, RetentionRun, RetentionTerms, preview_retention, run_retention, trim,
};
use groupchat_domain::saved::{Bookmark, Draft, DraftPlace, DraftText, Reminder};
use groupchat_domain::storage::Tx;
use groupchat_testing::Dice;

use crate::polls::{ask, poll};
use crate::room::{Room, room};
use crate::support::Database;
use crate::support::fixture::*;

/// What the fixture posts is older.
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

const TERMS: RetentionTerms = RetentionTerms { age: Some(YEAR), keeps_pinned: true };
const WITHOUT_PINNED: RetentionTerms = RetentionTerms { keeps_pinned: false, ..TERMS };

/// Removes all that is old; how many messages, and in how many steps.
fn trim_all(tx: &mut dyn Tx, group: GroupId, terms: &RetentionTerms) -> (i64, usize) {
    let mut removed = 0;
    for steps in 1..1_000 {
        let step = trim(tx, group, terms).unwrap();
        removed += step.messages;
        if !step.goes_on {
            return (removed, steps);
        }
    }
    panic!("it comes to no end");
}

fn post_now(tx: &mut dyn Tx, group: GroupId, author: UserId) -> MessageId {
    let new = NewMessage { created_at: tx.now(), ..new_message(tx, group, author, "hello") };
    stored(tx.messages().insert(&new).unwrap())
}

/// A reply, and the note that there is a thread.
fn answer(tx: &mut dyn Tx, group: GroupId, root: MessageId, author: UserId) -> MessageId {
    let id = reply(tx, group, root, author);
    let kinds = view(tx, group, root, author).message.attachments;
    tx.messages().attach(root, kinds.with(Attachments::THREAD)).unwrap();
    id
}

fn pin(tx: &mut dyn Tx, group: GroupId, id: MessageId, by: UserId) {
    let pins = tx.messages().pin_state(group).unwrap();
    let message = view(tx, group, id, by).message;
    let pin = Some(Pin { seq: pins.last.next(), at: at(7), by });
    tx.messages().update(&Message { pin, version: message.version.next(), ..message }).unwrap();
}

fn unpin(tx: &mut dyn Tx, group: GroupId, id: MessageId, by: UserId) {
    let message = view(tx, group, id, by).message;
    tx.messages().update(&Message { pin: None, version: message.version.next(), ..message }).unwrap();
}

fn trimmed(tx: &mut dyn Tx, group: GroupId) -> Trimmed {
    tx.groups().find_many(&[group]).unwrap()[0].trimmed
}

/// The numbers that a page of all messages has.
fn listed(tx: &mut dyn Tx, room: &Room) -> Vec<i64> {
    let hidden = trimmed(tx, room.group).hidden;
    let run = MessageRange::Above(Seq::ZERO);
    let (group, viewer, above, limit) = (room.group, room.bob, Seq::ZERO, limit(200));
    let query = MessageQuery { group, thread: None, viewer, run, above, hidden, limit };
    tx.messages().list(&query).unwrap().iter().map(|view| view.message.seq.get()).collect()
}

fn pinned(tx: &mut dyn Tx, room: &Room) -> Vec<MessageId> {
    let hidden = trimmed(tx, room.group).hidden;
    let (group, viewer, above, limit) = (room.group, room.bob, Seq::ZERO, limit(200));
    let query = PinQuery { group, viewer, before: None, above, hidden, limit };
    tx.messages().list_pins(&query).unwrap().iter().map(|view| view.message.id).collect()
}

fn by_time(tx: &mut dyn Tx, room: &Room, author: Option<UserId>) -> Vec<i64> {
    let query = TimeQuery {
        group: room.group,
        thread: None,
        viewer: room.bob,
        author,
        after: TimePlace::START,
        before: TimePlace::END,
        ascending: true,
        above: Seq::ZERO,
        hidden: trimmed(tx, room.group).hidden,
        limit: limit(200),
    };
    tx.messages().list_by_time(&query).unwrap().iter().map(|view| view.message.seq.get()).collect()
}

const fn named(user: UserId) -> MentionRow {
    MentionRow { user, is_named: true, is_told: true }
}

/// What belongs to a message, of all kinds.
fn decorate(tx: &mut dyn Tx, room: &Room, id: MessageId) {
    like(tx, room.group, id, room.ann);
    react(tx, room.group, id, room.bob, "🎉");
    let message = view(tx, room.group, id, room.ann).message;
    let earlier = EarlierText { version: Version::FIRST, text: text("hullo"), written_at: at(3) };
    tx.edits().add(id, &earlier, 10).unwrap();
    let edited = Message { edited_at: Some(at(4)), version: Version::new(2), ..message.clone() };
    tx.messages().update(&edited).unwrap();
    let mut kinds = message.attachments.with(Attachments::NAMES);
    if message.thread.is_none() {
        kinds = kinds.with(Attachments::ALL);
    }
    tx.messages().attach(id, kinds).unwrap();
    let place = MentionPlace::of(&message);
    tx.mentions().add(&place, &[named(room.bob)]).unwrap();
    if message.thread.is_none() {
        tx.mentions().add_to_all(&place).unwrap();
    }
    let (user, created_at) = (room.bob, at(5));
    tx.bookmarks().insert(&Bookmark { user, message: id, note: None, created_at }).unwrap();
    let reminder = Reminder { user, message: id, at: at(9), is_due: false, created_at };
    tx.reminders().put(&reminder).unwrap();
}

fn passes(database: &Database) {
    let wrong: Vec<_> = database.check().into_iter().filter(|finding| finding.is_failure()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

fn old_messages_go_for_good_with_all_that_belongs_to_them(database: &Database) {
    let (room, ids, young) = database
        .write(|tx| {
            let room = room(tx);
            let root = post(tx, room.group, room.ann, "hello");
            decorate(tx, &room, root);
            let replied = answer(tx, room.group, root, room.bob);
            decorate(tx, &room, replied);
            let asked = ask(tx, room.group, room.ann, &poll(false));
            tx.messages().attach(asked, Attachments::POLL).unwrap();
            let forwarded = post(tx, room.group, room.bob, "more");
            let place = DraftPlace { user: room.ann, group: room.group, thread: Some(root) };
            let (text, version) = (DraftText::parse("well").unwrap(), Version::new(3));
            tx.drafts().put(&Draft { place, text, version, updated_at: at(5) }).unwrap();
            let young = post_now(tx, room.group, room.ann);
            let kinds = view(tx, room.group, young, room.ann).message.attachments;
            tx.messages().attach(young, kinds.with(Attachments::QUOTE)).unwrap();
            tx.quotes().put(young, forwarded).unwrap();
            Ok((room, [root, replied, asked, forwarded], young))
        })
        .unwrap();
    let (group, ann, bob) = (room.group, room.ann, room.bob);
    passes(database);
    let removed = database.write(move |tx| Ok(trim_all(tx, group, &TERMS).0)).unwrap();
    assert_eq!(removed, 4);
    passes(database);
    database
        .write(move |tx| {
            for id in ids {
                assert_eq!(tx.messages().find(group, id, ann), Ok(None));
                assert_eq!(tx.bookmarks().find(bob, id), Ok(None));
                assert_eq!(tx.reminders().find(bob, id), Ok(None));
            }
            assert_eq!(tx.messages().find_many(&ids), Ok(vec![]));
            assert_eq!(tx.threads().find_many(&ids[..1]), Ok(vec![]));
            assert_eq!(tx.drafts().count(ann), Ok(0));
            assert_eq!(tx.polls().find_many(&ids), Ok(vec![]));
            assert_eq!(tx.quotes().find_many(&[young]), Ok(vec![]), "what it quotes is gone");
            let mentions = MentionQuery { user: bob, before: None, limit: 10 };
            assert_eq!(tx.mentions().list(&mentions), Ok(vec![]));
            assert_eq!(tx.mentions().list_to_all(&mentions), Ok(vec![]));
            let room = Room { group, ann, bob };
            assert_eq!(listed(tx, &room), [4]);
            assert_eq!(by_time(tx, &room, None), [4]);
            assert_eq!((by_time(tx, &room, Some(ann)), by_time(tx, &room, Some(bob))), (vec![4], vec![]));
            let found = tx.groups().find_many(&[group]).unwrap().remove(0);
            assert_eq!((found.last_seq, found.trimmed.upto), (Seq::new(4), Seq::new(3)));
            // Nobody has to have read what is gone.
            let state = tx.read_cursors().find(group, bob).unwrap().unwrap();
            assert_eq!((state.read_seq, state.unread, state.unread_mentions), (Seq::new(3), 1, 0));
            let next = post_now(tx, group, bob);
            assert_eq!(view(tx, group, next, ann).message.seq, Seq::new(5));
            assert_eq!(trim_all(tx, group, &TERMS), (0, 1));
            Ok(())
        })
        .unwrap();
    passes(database);
}

fn numbers_go_on_where_nothing_is_left(database: &Database) {
    let group = database
        .write(|tx| {
            let room = room(tx);
            for _ in 0..130 {
                post(tx, room.group, room.ann, "hello");
            }
            assert_eq!(trim_all(tx, room.group, &TERMS).0, 130);
            assert_eq!(listed(tx, &room), [0; 0]);
            assert_eq!(tx.groups().view(room.group, room.bob).unwrap().unwrap().last_message, None);
            Ok(room.group)
        })
        .unwrap();
    passes(database);
    let next = database
        .write(move |tx| {
            let cleo = user(tx, "cleo").id;
            let next = post_now(tx, group, cleo);
            Ok(view(tx, group, next, cleo).message.seq)
        })
        .unwrap();
    assert_eq!(next, Seq::new(131));
    passes(database);
}

fn pinned_messages_and_their_threads_stay_until_they_are_not_pinned(database: &Database) {
    let (room, [first, second, third]) = database
        .write(|tx| {
            let room = room(tx);
            let roots = [0; 3].map(|_| post(tx, room.group, room.ann, "hello"));
            let replies = roots.map(|root| answer(tx, room.group, root, room.bob));
            pin(tx, room.group, roots[0], room.ann);
            // The thread of a reply that is pinned.
            pin(tx, room.group, replies[1], room.ann);
            post_now(tx, room.group, room.ann);
            assert_eq!(trim_all(tx, room.group, &TERMS).0, 2);
            assert_eq!(listed(tx, &room), [1, 2, 4]);
            assert_eq!(pinned(tx, &room), [replies[1], roots[0]]);
            assert_eq!(trimmed(tx, room.group).upto, Seq::new(3));
            Ok((room, [roots[0], replies[1], roots[2]]))
        })
        .unwrap();
    passes(database);
    let (group, ann, bob) = (room.group, room.ann, room.bob);
    database
        .write(move |tx| {
            let room = Room { group, ann, bob };
            assert_eq!(tx.messages().find(group, third, ann), Ok(None));
            unpin(tx, group, second, ann);
            assert_eq!(trim_all(tx, group, &TERMS).0, 2);
            assert_eq!(listed(tx, &room), [1, 4]);
            assert_eq!(pinned(tx, &room), [first]);
            Ok(())
        })
        .unwrap();
    passes(database);
    database
        .write(move |tx| {
            let room = Room { group, ann, bob };
            assert_eq!(trim_all(tx, group, &WITHOUT_PINNED).0, 2);
            assert_eq!((listed(tx, &room), pinned(tx, &room)), (vec![4], vec![]));
            Ok(())
        })
        .unwrap();
    passes(database);
}

fn nobody_sees_a_part_of_what_goes_in_several_steps(database: &Database) {
    let (group, ann, bob, root) = database
        .write(|tx| {
            let room = room(tx);
            post(tx, room.group, room.ann, "before");
            let root = post(tx, room.group, room.ann, "hello");
            for _ in 0..700 {
                answer(tx, room.group, root, room.bob);
            }
            let last = post(tx, room.group, room.bob, "after");
            pin(tx, room.group, last, room.ann);
            Ok((room.group, room.ann, room.bob, root))
        })
        .unwrap();
    let mut steps = 0;
    loop {
        let step = database.write(move |tx| trim(tx, group, &WITHOUT_PINNED)).unwrap();
        steps += 1;
        // What a command that was killed leaves behind is sound.
        passes(database);
        let found = database
            .read(move |tx| {
                let room = Room { group, ann, bob };
                let group = tx.groups().find_many(&[group])?.remove(0);
                let shown = (listed(tx, &room), pinned(tx, &room), by_time(tx, &room, Some(ann)));
                let is_hidden = tx
                    .messages()
                    .find(room.group, root, ann)?
                    .is_none_or(|view| group.trimmed.hides(view.message.history_seq()));
                Ok((shown, is_hidden))
            })
            .unwrap();
        assert_eq!(found, ((vec![], vec![], vec![]), true), "after step {steps}");
        if !step.goes_on {
            break;
        }
    }
    assert!((3..12).contains(&steps), "{steps}");
}

fn a_group_has_its_own_retention(database: &Database) {
    let group = database
        .write(|tx| {
            let room = room(tx);
            post(tx, room.group, room.ann, "hello");
            for days in [Some(0), None] {
                let mut group = tx.groups().find_many(&[room.group]).unwrap().remove(0);
                group.retention = days.map(|days| RetentionDays::parse(days).unwrap());
                tx.groups().update(&group).unwrap();
                let none = RetentionTerms { age: None, ..TERMS };
                assert_eq!(trim_all(tx, room.group, &none).0, 0);
                let found = tx.retention().find(room.group).unwrap().unwrap();
                assert_eq!((found.days, found.kept), (group.retention, 0));
                if days.is_some() {
                    assert_eq!(trim_all(tx, room.group, &TERMS).0, 0, "for ever");
                }
            }
            Ok(room.group)
        })
        .unwrap();
    let run = |terms| {
        let storage = database.storage();
        let run = run_retention(&*storage, move || terms, RetentionBy::Server, |_| true, || async {});
        database.wait_for(run).unwrap()
    };
    let doubted = {
        let storage = database.storage();
        let run = run_retention(&*storage, || TERMS, RetentionBy::Server, |_| false, || async {});
        database.wait_for(run).unwrap()
    };
    assert_eq!(doubted, RetentionRun::default(), "while the clock is not believed");
    let previews = database.wait_for(preview_retention(&*database.storage(), TERMS)).unwrap();
    assert_eq!(previews.len(), 1);
    assert_eq!((previews[0].group, previews[0].messages, previews[0].exempt), (group, 1, 0));
    assert_eq!(run(TERMS), RetentionRun { messages: 1, groups: 1 });
    assert_eq!(run(TERMS), RetentionRun::default());
    let previews = database.wait_for(preview_retention(&*database.storage(), TERMS)).unwrap();
    assert_eq!(previews, []);
}

/// What a group should have: its messages by their numbers, and of each whether it is old, whether it is exempt, and how many
/// replies it has.
#[derive(Debug, Default, Clone)]
struct Expected(BTreeMap<i64, (bool, bool, i64)>);

impl Expected {
    /// Removes what is to be removed; how many messages.
    fn trim(&mut self, terms: &RetentionTerms, upto: &mut i64) -> i64 {
        let young = self.0.iter().find(|(seq, (is_old, ..))| **seq > *upto && !is_old).map(|(seq, _)| *seq);
        let end = young.unwrap_or(i64::MAX);
        let (mut removed, mut last) = (0, *upto);
        self.0.retain(|seq, (is_old, is_pinned, replies)| {
            if *seq >= end || !*is_old {
                return true;
            }
            last = last.max(*seq);
            let stays = *is_pinned && terms.keeps_pinned;
            if !stays {
                removed += 1 + *replies;
            }
            stays
        });
        *upto = last;
        removed
    }
}

fn random_groups_lose_what_a_simple_rule_says(database: &Database) {
    for seed in 0..12 {
        let mut dice = Dice::new(seed);
        let (group, ann, bob) = database
            .write(move |tx| {
                let [ann, bob] = ["ann", "bob"].map(|name| user(tx, &format!("{name}{seed}")).id);
                let group = group(tx, &format!("group {seed}"));
                for user in [ann, bob] {
                    join(tx, group, user, groupchat_domain::permissions::BuiltInRole::Member);
                }
                Ok((group, ann, bob))
            })
            .unwrap();
        let (mut expected, mut upto, mut ids) = (Expected::default(), 0, BTreeMap::new());
        for _ in 0..40 {
            let (choice, nth, by_ann) = (dice.below(12), dice.below(40), dice.below(2) == 0);
            let author = if by_ann { ann } else { bob };
            let seqs: Vec<_> = expected.0.keys().copied().collect();
            let picked = seqs.get(nth % seqs.len().max(1)).map(|seq| (*seq, ids[seq]));
            match (choice, picked) {
                (0..5, _) => {
                    let is_old = choice < 4;
                    let (id, seq) = database
                        .write(move |tx| {
                            let id = if is_old {
                                post(tx, group, author, "hello")
                            } else {
                                post_now(tx, group, author)
                            };
                            Ok((id, view(tx, group, id, author).message.seq.get()))
                        })
                        .unwrap();
                    expected.0.insert(seq, (is_old, false, 0));
                    ids.insert(seq, id);
                }
                (5..7, Some((seq, id))) => {
                    database.write(move |tx| Ok(answer(tx, group, id, author))).unwrap();
                    expected.0.entry(seq).and_modify(|row| row.2 += 1);
                }
                (7..9, Some((seq, id))) => {
                    let was = expected.0[&seq].1;
                    let change = move |tx: &mut dyn Tx| {
                        if was {
                            unpin(tx, group, id, author);
                        } else {
                            pin(tx, group, id, author);
                        }
                        Ok(())
                    };
                    database.write(change).unwrap();
                    expected.0.entry(seq).and_modify(|row| row.1 = !was);
                }
                (9, Some((_, id))) => {
                    let liked = move |tx: &mut dyn Tx| {
                        let mut message = view(tx, group, id, author).message;
                        if tx.messages().add_reaction(id, author, emoji("👍"), at(3))? {
                            message.reactions.add(emoji("👍"));
                            tx.messages().update(&message)?;
                        }
                        Ok(())
                    };
                    database.write(liked).unwrap();
                }
                (10..12, _) => {
                    let terms = if dice.below(4) == 0 { WITHOUT_PINNED } else { TERMS };
                    let storage = database.storage();
                    let previews = database.wait_for(preview_retention(&*storage, terms)).unwrap();
                    let preview = previews.iter().find(|preview| preview.group == group);
                    let removed = database.write(move |tx| Ok(trim_all(tx, group, &terms).0)).unwrap();
                    assert_eq!(removed, expected.trim(&terms, &mut upto), "seed {seed}: {expected:?}");
                    assert_eq!(preview.map_or(0, |preview| preview.messages), removed, "seed {seed}");
                    let room = Room { group, ann, bob };
                    let left = database.read(move |tx| Ok((listed(tx, &room), trimmed(tx, group)))).unwrap();
                    let seqs: Vec<_> = expected.0.keys().copied().collect();
                    assert_eq!(left, (seqs, Trimmed { upto: Seq::new(upto), hidden: None }), "seed {seed}");
                }
                _ => {}
            }
        }
    }
    passes(database);
}

fn spans_are_counted_with_their_replies(database: &Database) {
    let counted = |tx: &mut dyn Tx| {
        count_spans(tx);
        Ok(())
    };
    database.write(counted).unwrap();
}

fn count_spans(tx: &mut dyn Tx) {
    let room = room(tx);
    let roots = [0; 3].map(|_| post(tx, room.group, room.ann, "hello"));
    answer(tx, room.group, roots[1], room.bob);
    answer(tx, room.group, roots[1], room.bob);
    let span = |first, last| SeqSpan { first: Seq::new(first), last: Seq::new(last) };
    let mut count = |first, last| tx.retention().count(room.group, span(first, last)).unwrap();
    assert_eq!([count(1, 1), count(2, 2), count(1, 3), count(3, 9), count(4, 9)], [1, 3, 5, 1, 0]);
    let aged = tx.retention().aged(room.group, span(2, 9), 5).unwrap();
    assert_eq!(aged.iter().map(|found| found.seq.get()).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(tx.retention().aged(room.group, span(1, 9), 2).unwrap().len(), 2);
    assert_eq!(tx.retention().pinned(room.group), Ok(vec![]));
    let unknown = GroupId::new(room.group.get() + 1);
    assert_eq!(tx.retention().find(unknown), Ok(None));
    assert_eq!(tx.retention().groups(GroupId::new(0), 5).unwrap().len(), 1);
    assert_eq!(tx.retention().groups(room.group, 5).unwrap(), []);
    assert_eq!(PinSeq::ZERO, tx.messages().pin_state(room.group).unwrap().last);
}

cases! { database:
    spans_are_counted_with_their_replies
    old_messages_go_for_good_with_all_that_belongs_to_them
    numbers_go_on_where_nothing_is_left
    pinned_messages_and_their_threads_stay_until_they_are_not_pinned
    nobody_sees_a_part_of_what_goes_in_several_steps
    a_group_has_its_own_retention
    random_groups_lose_what_a_simple_rule_says
}
