//! What people keep for themselves and have scheduled, and polls with their ballots, after a drill.

use std::time::Duration;

use groupchat_domain::Error;
use groupchat_domain::accounts::Actor;
use groupchat_domain::ids::MessageId;
use groupchat_domain::messages::{self, MessageDraft};
use groupchat_domain::polls::{self, Choices, OptionText, OptionsBy, PollDraft, PollOptions};
use groupchat_domain::saved::{self, BookmarkNote, DraftText};
use groupchat_domain::scheduled::{self, ScheduledChanges};
use groupchat_domain::storage::Tx;
use groupchat_testing::Dice;

use crate::chat::{PAGE, Room, lines, offset};
use crate::drill::{Drill, drill_with};
use crate::support::fixture::{client_id, limit, text};

/// How many polls, bookmarks and reminders there are before the backup, and as many come after it.
const COUNT: usize = 60;

/// More can't be scheduled by a user.
const SCHEDULED: usize = 40;

/// A line for each row. None of it has a checksum. When votes were last told is not restored, but that there were some is.
const KEPT: [(&str, &str); 7] = [
    (
        "polls",
        "SELECT concat_ws('|', message_id, options, counts, voters, first_voters, closes_at, closed_at, told_at IS NULL, key_id, \
            hex(secret)) AS line FROM polls",
    ),
    ("poll_ballots", "SELECT concat_ws('|', message_id, user_id, choices) AS line FROM poll_ballots"),
    ("secret_ballots", "SELECT concat_ws('|', message_id, hex(voter), choices) AS line FROM secret_ballots"),
    ("drafts", "SELECT concat_ws('|', user_id, group_id, root_id, text, version) AS line FROM drafts"),
    ("bookmarks", "SELECT concat_ws('|', user_id, message_id, note) AS line FROM bookmarks"),
    ("reminders", "SELECT concat_ws('|', user_id, message_id, remind_at, is_due) AS line FROM reminders"),
    (
        "scheduled_messages",
        "SELECT concat_ws('|', id, user_id, group_id, client_id, document, send_at, due_at) AS line FROM scheduled_messages",
    ),
];

/// A drill whose backup and whose damaged database have all of it.
fn drill() -> Drill {
    drill_with(
        |tx| (0..COUNT).try_for_each(|number| keep(tx, number)),
        |tx| {
            (0..COUNT).try_for_each(|number| change(tx, number))?;
            (COUNT..2 * COUNT).try_for_each(|number| keep(tx, number))
        },
    )
}

/// Asks and votes; types, bookmarks, wants to be reminded and schedules.
fn keep(tx: &mut dyn Tx, number: usize) -> Result<(), Error> {
    let room = Room::again(tx)?;
    let (ann, bob) = (&room.ann, &room.bob);
    let poll = ask(tx, &room, number)?;
    for (voter, choices) in [(bob, 1), (ann, 1 << (number % 2))] {
        polls::vote(tx, voter, room.id, poll, Choices::from_stored(choices))?;
    }
    let note = BookmarkNote::parse(&format!("note {number}")).unwrap();
    saved::put_bookmark(tx, ann, poll, Some(&note).filter(|_| number.is_multiple_of(2)))?;
    let later = tx.now().plus(Duration::from_secs(3600 * (number as u64 + 1)));
    saved::put_reminder(tx, reminded(&room, number), poll, later)?;
    let words = DraftText::parse(&format!("well {number} {}", "and ".repeat(number))).unwrap();
    saved::put_draft(tx, ann, (room.id, Some(poll)), &words, None)?;
    if number < SCHEDULED || number.is_multiple_of(3) {
        let client_id = Some(client_id(&format!("later-{number}")));
        let draft = MessageDraft { client_id, ..plain(&room, &format!("later {number}")) };
        scheduled::schedule(tx, bob, &draft, later)?;
    }
    Ok(())
}

/// Half of the reminders are Ann's: one can't have more than a hundred.
const fn reminded(room: &Room, number: usize) -> &Actor {
    if number.is_multiple_of(2) { &room.ann } else { &room.bob }
}

fn plain(room: &Room, words: &str) -> MessageDraft {
    MessageDraft {
        group: room.id,
        text: text(words),
        client_id: None,
        thread: None,
        reply_to: None,
        poll: None,
    }
}

fn ask(tx: &mut dyn Tx, room: &Room, number: usize) -> Result<MessageId, Error> {
    let options = ["yes", "no"].map(|option| OptionText::parse(option).unwrap());
    let mut poll = PollDraft::new(PollOptions::parse(options.to_vec()).unwrap(), None).unwrap();
    (poll.anonymous, poll.options_by) = (number % 2 == 1, OptionsBy::Members);
    poll.closes_at = number.is_multiple_of(3).then(|| tx.now().plus(Duration::from_secs(3600)));
    let client_id = Some(client_id(&format!("poll-{number}")));
    let draft = MessageDraft { client_id, poll: Some(poll), ..plain(room, "when?") };
    Ok(messages::send(tx, &room.ann, &draft)?.view.message.id)
}

/// Changes what the backup has. What is removed would come back with it, but for what was to be sent.
fn change(tx: &mut dyn Tx, number: usize) -> Result<(), Error> {
    let room = Room::again(tx)?;
    let (ann, bob) = (&room.ann, &room.bob);
    let poll = find(tx, &room, ann, number)?;
    match number % 5 {
        0 => drop(polls::unvote(tx, bob, room.id, poll)?),
        1 => drop(polls::vote(tx, ann, room.id, poll, Choices::from_stored(1 << (1 - number % 2)))?),
        2 => drop(polls::add_option(tx, bob, room.id, poll, &OptionText::parse("maybe").unwrap())?),
        3 => drop(polls::close(tx, ann, room.id, poll)?),
        _ => messages::delete(tx, ann, room.id, poll, messages::ChangeTerms::default())?,
    }
    if number % 5 == 4 {
        return Ok(());
    }
    let note = BookmarkNote::parse("another note").unwrap();
    saved::put_bookmark(tx, ann, poll, Some(&note))?;
    let other = tx.now().plus(Duration::from_secs(60));
    saved::put_reminder(tx, reminded(&room, number), poll, other)?;
    saved::put_draft(tx, ann, (room.id, Some(poll)), &DraftText::parse("on second thoughts").unwrap(), None)?;
    let waiting = scheduled::list_scheduled(tx, bob, room.id, None, limit(200))?;
    let own =
        waiting.items.iter().find(|waiting| waiting.new.draft.text.as_str() == format!("later {number}"));
    match own.map(|own| own.id) {
        Some(id) if number.is_multiple_of(2) => scheduled::drop_scheduled(tx, bob, (room.id, id))?,
        Some(id) => {
            let changes = ScheduledChanges { text: Some(text("changed")), send_at: Some(other) };
            scheduled::edit_scheduled(tx, bob, (room.id, id), &changes)?;
        }
        None => {}
    }
    Ok(())
}

fn find(tx: &mut dyn Tx, room: &Room, author: &Actor, number: usize) -> Result<MessageId, Error> {
    let client_id = client_id(&format!("poll-{number}"));
    let found = tx.messages().find_by_client_id(room.id, author.id(), &client_id)?;
    Ok(found.expect("it was sent").message.id)
}

#[test]
fn nothing_that_is_kept_is_lost_if_nothing_is_damaged() {
    let drill = drill();
    let before = drill.chat.copy();
    let salvaged = drill.salvage();
    assert_eq!((salvaged.damaged, salvaged.orphaned, salvaged.lost_messages()), (0, 0, 0), "{salvaged:?}");
    for (table, query) in KEPT {
        let (after, before) = (lines(&drill.chat, query), lines(&before, query));
        assert!(before.len() > 20, "{table} has rows");
        assert_eq!(after, before, "{table}");
    }
}

/// Of what is left, `check` finds all counts right, and nothing is there that was not there before.
#[test]
fn what_is_left_agrees_with_itself_whichever_table_is_damaged() {
    let drill = drill();
    let (intact, mut dice) = (drill.chat.copy(), Dice::seeded());
    let backed_up = drill.backed_up();
    for damaged_table in ["messages", "events"].into_iter().chain(KEPT.map(|(table, _)| table)) {
        let damaged = drill.again(&intact);
        let pages = damaged.chat.pages(damaged_table);
        let leaves: Vec<_> =
            pages.into_iter().filter(|page| matches!(intact.page(*page).first(), Some(10 | 13))).collect();
        assert!(!leaves.is_empty(), "{damaged_table} has pages");
        damaged.chat.overwrite(leaves[dice.below(leaves.len())], &[0; PAGE]);
        let salvaged = damaged.salvage();
        let mut left = 0;
        for (table, query) in KEPT {
            let after = lines(&damaged.chat, query);
            left += after.len();
            // The counts of a poll follow from the ballots that are left.
            if table != "polls" {
                let mut known = lines(&intact, query);
                known.extend(lines(&backed_up, query));
                let unknown: Vec<_> = after.difference(&known).collect();
                assert!(unknown.is_empty(), "{table}: {unknown:?}: {salvaged:?}");
            }
        }
        assert!(left > 100, "{left} rows are left: {salvaged:?}");
        let is_nobody_named =
            "SELECT count(*) AS number FROM polls WHERE first_voters IS NOT NULL AND key_id IS NOT NULL";
        assert_eq!(damaged.chat.number(is_nobody_named), 0);
    }
}

/// A flipped bit in what has no checksum may make another row of it, but none that contradicts the others.
#[test]
fn flipped_bits_in_what_is_kept_make_no_contradiction() {
    let drill = drill();
    let (intact, mut dice) = (drill.chat.copy(), Dice::seeded());
    for (table, _) in KEPT {
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
