//! What belongs to messages, after a drill: threads, quotes, forwards, reactions, mentions and earlier texts.

use groupchat_domain::Error;
use groupchat_domain::accounts::Actor;
use groupchat_domain::ids::{GroupId, MessageId, Seq};
use groupchat_domain::messages::{self, ChangeTerms, ForwardDraft, MessageDraft, ReadMark};
use groupchat_domain::storage::Tx;
use groupchat_testing::Dice;

use crate::chat::{PAGE, Room, lines, offset};
use crate::drill::{Drill, drill_with};
use crate::support::fixture::{client_id, emoji, text};

/// How many messages have all that a message can have, before the backup and after it.
const COUNT: usize = 60;

/// The group to which messages are forwarded.
const OTHER: GroupId = GroupId::new(2);

/// What belongs to messages, a line for each row. None of it has a checksum.
const BELONGINGS: [(&str, &str); 7] = [
    ("reactions", "SELECT concat_ws('|', message_id, emoji, user_id) AS line FROM reactions"),
    ("message_quotes", "SELECT concat_ws('|', message_id, quoted_id) AS line FROM message_quotes"),
    (
        "mentions",
        "SELECT concat_ws('|', message_id, user_id, group_id, thread_id, is_named, is_told) AS line FROM mentions",
    ),
    (
        "group_mentions",
        "SELECT concat_ws('|', message_id, group_id, thread_id, author_id) AS line FROM group_mentions",
    ),
    ("message_edits", "SELECT concat_ws('|', message_id, version, text) AS line FROM message_edits"),
    ("threads", "SELECT concat_ws('|', root_id, group_id) AS line FROM threads"),
    ("thread_members", "SELECT concat_ws('|', root_id, user_id) AS line FROM thread_members"),
];

/// What is counted, and what says which kinds a message has.
const COUNTS: [&str; 3] = [
    "SELECT concat_ws('|', id, seq, version, likes, reactions, attachments, root_seq) AS line FROM messages NOT INDEXED",
    "SELECT concat_ws('|', root_id, root_seq, reply_count, last_seq, last_reply_id, last_reply_at) AS line FROM threads",
    "SELECT concat_ws('|', root_id, user_id, place) AS line FROM thread_members",
];

/// A drill whose backup and whose damaged database have messages with everything.
fn drill() -> Drill {
    drill_with(
        |tx| (0..COUNT).try_for_each(|number| use_everything(tx, number)),
        |tx| {
            (0..COUNT).try_for_each(|number| change(tx, number))?;
            (COUNT..2 * COUNT).try_for_each(|number| use_everything(tx, number))
        },
    )
}

/// Sends a message with a thread, quotes, forwards, reactions and mentions of it, edits it, and deletes some of that.
fn use_everything(tx: &mut dyn Tx, number: usize) -> Result<(), Error> {
    let room = Room::again(tx)?;
    let (ann, bob) = (&room.ann, &room.bob);
    let root =
        send(tx, &room, ann, (number, "root"), &format!("root {number} for <@{}>", bob.id()), None, None)?;
    let reply = send(tx, &room, bob, (number, "reply"), &format!("well, <@{}>", ann.id()), Some(root), None)?;
    send(tx, &room, ann, (number, "second"), "and @all of you", Some(root), Some(reply))?;
    send(tx, &room, bob, (number, "quote"), "as I said", None, Some(root))?;
    let forward = ForwardDraft { from: room.id, message: reply, to: OTHER, client_id: None };
    messages::forward(tx, bob, &forward)?;
    for (actor, name) in [(ann, "🎉"), (bob, "🎉"), (bob, "👍"), (ann, "❤️")] {
        messages::react(tx, actor, room.id, root, emoji(name))?;
    }
    edit(tx, &room, ann, root, &format!("root {number}, edited, for <@{}> and @all", bob.id()))?;
    edit(tx, &room, bob, reply, "well")?;
    if number.is_multiple_of(5) {
        messages::delete(tx, bob, room.id, reply, ChangeTerms::default())?;
    }
    if number.is_multiple_of(7) {
        messages::delete(tx, ann, room.id, root, ChangeTerms::default())?;
    }
    Ok(())
}

/// Changes what such a message has: takes reactions and mentions back, edits, deletes, and reads.
fn change(tx: &mut dyn Tx, number: usize) -> Result<(), Error> {
    let room = Room::again(tx)?;
    let (ann, bob) = (&room.ann, &room.bob);
    let root = find(tx, &room, ann, (number, "root"))?;
    let second = find(tx, &room, ann, (number, "second"))?;
    messages::unreact(tx, ann, room.id, root, emoji("🎉"))?;
    messages::mark_thread_read(tx, bob, room.id, root, ReadMark::Read(Seq::new(2)))?;
    match number % 4 {
        0 if !number.is_multiple_of(7) => edit(tx, &room, ann, root, "nobody is meant")?,
        1 => messages::delete(tx, ann, room.id, second, ChangeTerms::default())?,
        2 => messages::unfollow(tx, bob, room.id, root)?,
        _ => drop(send(tx, &room, ann, (number, "later"), "one more", Some(root), Some(second))?),
    }
    Ok(())
}

fn send(
    tx: &mut dyn Tx,
    room: &Room,
    author: &Actor,
    name: (usize, &str),
    words: &str,
    thread: Option<MessageId>,
    reply_to: Option<MessageId>,
) -> Result<MessageId, Error> {
    let client_id = Some(client_id(&format!("{}-{}", name.1, name.0)));
    let draft = MessageDraft { group: room.id, text: text(words), client_id, thread, reply_to, poll: None };
    Ok(messages::send(tx, author, &draft)?.view.message.id)
}

fn edit(tx: &mut dyn Tx, room: &Room, author: &Actor, id: MessageId, words: &str) -> Result<(), Error> {
    messages::edit(tx, author, room.id, id, Some(&text(words)), ChangeTerms::default()).map(drop)
}

fn find(tx: &mut dyn Tx, room: &Room, author: &Actor, name: (usize, &str)) -> Result<MessageId, Error> {
    let client_id = client_id(&format!("{}-{}", name.1, name.0));
    let found = tx.messages().find_by_client_id(room.id, author.id(), &client_id)?;
    Ok(found.expect("it was sent").message.id)
}

#[test]
fn nothing_that_belongs_to_messages_is_lost_if_nothing_is_damaged() {
    let drill = drill();
    let before = drill.chat.copy();
    let salvaged = drill.salvage();
    assert_eq!((salvaged.damaged, salvaged.orphaned, salvaged.lost_messages()), (0, 0, 0), "{salvaged:?}");
    for (table, query) in BELONGINGS {
        let (mut after, before) = (lines(&drill.chat, query), lines(&before, query));
        assert!(!before.is_empty(), "{table} has rows");
        if table == "group_mentions" {
            // Of the newest hundred, some may be in the place of those that were deleted since.
            assert!(after.len() <= 101, "{table}: a hundred, and one of the other group");
            after.retain(|line| before.contains(line));
        }
        assert_eq!(after, before, "{table}");
    }
    for query in COUNTS {
        assert_eq!(lines(&drill.chat, query), lines(&before, query), "{query}");
    }
}

/// Of what is left, `check` finds all counts right, and nothing is there that was not there before.
#[test]
fn what_is_left_agrees_with_itself_whichever_table_is_damaged() {
    let drill = drill();
    let (intact, mut dice) = (drill.chat.copy(), Dice::seeded());
    let backed_up = drill.backed_up();
    for table in ["messages", "events"].into_iter().chain(BELONGINGS.map(|(table, _)| table)) {
        let damaged = drill.again(&intact);
        let pages = damaged.chat.pages(table);
        let leaves: Vec<_> =
            pages.into_iter().filter(|page| matches!(intact.page(*page).first(), Some(10 | 13))).collect();
        assert!(!leaves.is_empty(), "{table} has pages");
        damaged.chat.overwrite(leaves[dice.below(leaves.len())], &[0; PAGE]);
        let salvaged = damaged.salvage();
        let mut left = 0;
        for (table, query) in BELONGINGS {
            let (after, mut known) = (lines(&damaged.chat, query), lines(&intact, query));
            known.extend(lines(&backed_up, query));
            left += after.len();
            let unknown: Vec<_> = after.difference(&known).collect();
            assert!(unknown.is_empty(), "{table}: {unknown:?}: {salvaged:?}");
        }
        assert!(left > 100, "{left} rows are left: {salvaged:?}");
    }
}

/// A flipped bit in what has no checksum may make another row of it, but none that contradicts the others.
#[test]
fn flipped_bits_in_what_belongs_to_messages_make_no_contradiction() {
    let drill = drill();
    let (intact, mut dice) = (drill.chat.copy(), Dice::seeded());
    for (table, _) in BELONGINGS.into_iter().chain([("messages", "")]) {
        let damaged = drill.again(&intact);
        for page in intact.pages(table) {
            for _ in 0..4 {
                // In the later half of a page, where its rows begin.
                let byte = PAGE - 1 - dice.below(PAGE / 2);
                damaged.chat.flip(offset(page) + byte as u64, u8::try_from(dice.below(8)).unwrap());
            }
        }
        damaged.salvage();
    }
}
