//! Messages in the order by time, and imported ones.

use groupchat_domain::ids::{GroupId, Seq, UserId};
use groupchat_domain::messages::{Attachments, InThread, NewMessage, TimePlace, TimeQuery};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::{Tx, Unique};

use crate::room::{Room, room};
use crate::support::fixture::*;

fn import(
    tx: &mut dyn Tx,
    group: GroupId,
    author: UserId,
    micros: i64,
) -> Unique<groupchat_domain::ids::MessageId> {
    let attachments = Attachments::IMPORTED;
    let new =
        NewMessage { created_at: at(micros), attachments, ..new_message(tx, group, author, "imported") };
    tx.messages().insert(&new).unwrap()
}

fn place(micros: i64, seq: i64) -> TimePlace {
    TimePlace { at: at(micros), seq: Seq::new(seq) }
}

/// All messages of the group, the latest first.
fn all(room: &Room) -> TimeQuery {
    TimeQuery {
        group: room.group,
        thread: None,
        viewer: room.bob,
        author: None,
        after: TimePlace::START,
        before: TimePlace::END,
        ascending: false,
        above: Seq::ZERO,
        hidden: None,
        limit: limit(200),
    }
}

fn numbers(tx: &mut dyn Tx, query: &TimeQuery) -> Vec<i64> {
    let found = tx.messages().list_by_time(query).unwrap();
    found.iter().map(|view| view.message.seq.get()).collect()
}

/// In the order of their numbers: at 10, 30, 20, 20 and 40.
fn out_of_order(tx: &mut dyn Tx) -> Room {
    let room = room(tx);
    for (author, micros) in [(room.ann, 10), (room.bob, 30), (room.ann, 20), (room.bob, 20), (room.ann, 40)] {
        stored(import(tx, room.group, author, micros));
    }
    room
}

fn messages_come_in_the_order_of_their_times_and_numbers(tx: &mut dyn Tx) {
    let room = out_of_order(tx);
    let query = all(&room);
    assert_eq!(numbers(tx, &query), [5, 2, 4, 3, 1]);
    assert_eq!(numbers(tx, &TimeQuery { ascending: true, ..query }), [1, 3, 4, 2, 5]);
    // One more than the limit, where the run goes on.
    assert_eq!(numbers(tx, &TimeQuery { limit: limit(2), ..query }), [5, 2, 4]);
}

fn places_leave_out_what_is_not_between_them(tx: &mut dyn Tx) {
    let room = out_of_order(tx);
    let between = |after, before| TimeQuery { after, before, ..all(&room) };
    assert_eq!(numbers(tx, &between(place(20, 0), place(40, 0))), [2, 4, 3]);
    assert_eq!(numbers(tx, &between(place(20, 3), place(30, 2))), [4]);
    assert_eq!(numbers(tx, &between(place(20, 3), place(30, 3))), [2, 4]);
    assert_eq!(numbers(tx, &between(place(40, 5), TimePlace::END)), [0; 0]);
    assert_eq!(numbers(tx, &between(TimePlace::START, place(10, 1))), [0; 0]);
    assert_eq!(numbers(tx, &TimeQuery { above: Seq::new(2), ..all(&room) }), [5, 4, 3]);
}

fn those_of_one_author_are_found(tx: &mut dyn Tx) {
    let room = out_of_order(tx);
    let by = |author| TimeQuery { author: Some(author), ..all(&room) };
    assert_eq!(numbers(tx, &by(room.bob)), [2, 4]);
    assert_eq!(numbers(tx, &TimeQuery { ascending: true, ..by(room.ann) }), [1, 3, 5]);
    assert_eq!(numbers(tx, &TimeQuery { before: place(40, 0), ..by(room.ann) }), [3, 1]);
    assert_eq!(numbers(tx, &by(UserId::new(999))), [0; 0]);
}

fn replies_are_listed_in_their_thread_alone(tx: &mut dyn Tx) {
    let room = room(tx);
    let root = post(tx, room.group, room.ann, "root");
    reply(tx, room.group, root, room.bob);
    reply(tx, room.group, root, room.ann);
    let thread = Some(InThread { root, root_seq: Seq::new(1) });
    assert_eq!(numbers(tx, &all(&room)), [1]);
    assert_eq!(numbers(tx, &TimeQuery { thread, ..all(&room) }), [2, 1]);
    assert_eq!(numbers(tx, &TimeQuery { thread, author: Some(room.ann), ..all(&room) }), [2]);
}

fn likes_and_reactions_of_the_viewer_are_there(tx: &mut dyn Tx) {
    let room = room(tx);
    let message = post(tx, room.group, room.ann, "hello");
    like(tx, room.group, message, room.bob);
    react(tx, room.group, message, room.bob, "🎉");
    let found = tx.messages().list_by_time(&all(&room)).unwrap();
    assert_eq!(found, [view(tx, room.group, message, room.bob)]);
    assert!(found[0].liked && found[0].has_own_reaction(emoji("🎉")));
}

fn a_message_is_found_by_its_number(tx: &mut dyn Tx) {
    let room = out_of_order(tx);
    let sent_at = |tx: &mut dyn Tx, seq| tx.messages().sent_at(room.group, None, Seq::new(seq)).unwrap();
    assert_eq!(sent_at(tx, 3), Some(at(20)));
    assert_eq!(sent_at(tx, 6), None);
    let root = post(tx, room.group, room.ann, "root");
    let last = reply(tx, room.group, root, room.bob);
    let thread = Some(InThread { root, root_seq: Seq::new(6) });
    let sent = view(tx, room.group, last, room.bob).message.created_at;
    assert_eq!(tx.messages().sent_at(room.group, thread, Seq::new(1)), Ok(Some(sent)));
    assert_eq!(tx.messages().sent_at(room.group, thread, Seq::new(2)), Ok(None));
}

/// Numbers that are random enough, and the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap() % end
    }
}

/// A group whose messages are at these times, by these authors, in the order of their numbers.
type Told = Vec<(i64, UserId)>;

/// What a query must find, by looking at all.
fn expected(told: &Told, query: &TimeQuery) -> Vec<i64> {
    let places = told.iter().zip(1..).map(|((micros, author), seq)| (*micros, seq, *author));
    let mut found: Vec<(i64, i64)> = places
        .filter(|(_, seq, author)| {
            query.author.is_none_or(|wanted| wanted == *author) && *seq > query.above.get()
        })
        .map(|(micros, seq, _)| (micros, seq))
        .filter(|(micros, seq)| (query.after..query.before).contains(&place(*micros, *seq)))
        .filter(|(micros, seq)| place(*micros, *seq) != query.after)
        .collect();
    found.sort_unstable();
    if !query.ascending {
        found.reverse();
    }
    found.truncate(usize::try_from(query.limit.with_lookahead()).unwrap());
    found.into_iter().map(|(_, seq)| seq).collect()
}

/// Some hundred messages, most of them in order: runs of late ones, equal times, a clock that was ahead for one message,
/// and one author who leaves and comes again.
fn a_mixed_group(tx: &mut dyn Tx, dice: &mut Dice) -> (Room, Told) {
    let room = room(tx);
    let carl = user(tx, "carl").id;
    join(tx, room.group, carl, BuiltInRole::Member);
    let (mut told, mut clock) = (Told::new(), 1_000);
    for step in 0..400 {
        clock += dice.below(3);
        let micros = match step {
            90 => clock + 500,
            150..230 => dice.below(1_000),
            _ if dice.below(20) == 0 => clock - dice.below(300),
            _ => clock,
        };
        let author = [room.ann, room.ann, room.ann, room.bob, carl][usize::try_from(dice.below(5)).unwrap()];
        if step == 120 {
            tx.members().remove(room.group, carl).unwrap();
        }
        if step == 260 {
            join(tx, room.group, carl, BuiltInRole::Member);
        }
        stored(import(tx, room.group, author, micros));
        told.push((micros, author));
    }
    (room, told)
}

fn every_query_finds_what_a_look_at_all_messages_finds(tx: &mut dyn Tx) {
    let mut dice = Dice(7);
    let (room, told) = a_mixed_group(tx, &mut dice);
    let authors = [None, Some(room.ann), Some(room.bob), Some(told[399].1), Some(UserId::new(999))];
    for round in 0..200 {
        let ends = [dice.below(1_700), dice.below(1_700)];
        let seqs = [dice.below(400), dice.below(400)];
        let query = TimeQuery {
            author: authors[round % authors.len()],
            after: if dice.below(3) == 0 { TimePlace::START } else { place(ends[0], seqs[0]) },
            before: if dice.below(3) == 0 { TimePlace::END } else { place(ends[1], seqs[1]) },
            ascending: dice.below(2) == 0,
            above: Seq::new(if dice.below(4) == 0 { seqs[1] } else { 0 }),
            limit: limit([1, 7, 50, 200][round % 4]),
            ..all(&room)
        };
        assert_eq!(numbers(tx, &query), expected(&told, &query), "{query:?}");
    }
}

fn an_import_takes_a_number_and_moves_nothing_of_its_author(tx: &mut dyn Tx) {
    let room = room(tx);
    post(tx, room.group, room.ann, "sent");
    let before = tx.groups().view(room.group, room.ann).unwrap().unwrap();
    let imported = stored(import(tx, room.group, room.ann, 7));
    let after = tx.groups().view(room.group, room.ann).unwrap().unwrap();
    assert_eq!(after.group.last_seq, before.group.last_seq.next());
    assert_eq!(after.standing, before.standing);
    let message = view(tx, room.group, imported, room.bob).message;
    assert!(message.attachments.contain(Attachments::IMPORTED) && message.is_imported());
    assert_eq!((message.created_at, message.seq), (at(7), Seq::new(2)));
}

fn an_import_with_a_used_client_id_is_none(tx: &mut dyn Tx) {
    let room = room(tx);
    let named = |tx: &mut dyn Tx, author| NewMessage {
        client_id: Some(client_id("a")),
        ..new_message(tx, room.group, author, "hello")
    };
    let (of_ann, of_bob) = (named(tx, room.ann), named(tx, room.bob));
    stored(tx.messages().insert(&of_ann).unwrap());
    let attachments = Attachments::IMPORTED;
    let again = NewMessage { seq: of_ann.seq.next(), attachments, ..of_ann };
    assert_eq!(tx.messages().insert(&again), Ok(Unique::Taken));
    stored(tx.messages().insert(&NewMessage { seq: again.seq, attachments, ..of_bob }).unwrap());
}

cases! { transaction:
    messages_come_in_the_order_of_their_times_and_numbers
    places_leave_out_what_is_not_between_them
    those_of_one_author_are_found
    replies_are_listed_in_their_thread_alone
    likes_and_reactions_of_the_viewer_are_there
    a_message_is_found_by_its_number
    every_query_finds_what_a_look_at_all_messages_finds
    an_import_takes_a_number_and_moves_nothing_of_its_author
    an_import_with_a_used_client_id_is_none
}
