//! What a send and a page cost in statements: how many, and that none is parsed again each time.
#![allow(clippy::unwrap_used, reason = "a failure ends the test")]

mod support;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use groupchat_domain::accounts::{Origin, UsernameKey};
use groupchat_domain::admissions::NewInvitation;
use groupchat_domain::events::Cursor;
use groupchat_domain::groups::{Batch, DirectKey, NewDirect, Quotas, Visibility, add_members};
use groupchat_domain::ids::{GroupId, MessageId};
use groupchat_domain::messages::{self, MessageDraft, MessageRange, Sent, Window};
use groupchat_domain::network::Network;
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::polls::{self, Choices, OptionId, OptionText, PollDraft, PollOptions};
use groupchat_domain::retention::{RetentionTerms, trim};
use groupchat_domain::saved;
use groupchat_domain::storage::Credential;
use groupchat_domain::sync;

use support::Database;
use support::fixture::*;

const KEY: u8 = 1;

/// A group with one member, who holds the key number [`KEY`].
fn prepare(database: &Database) -> (GroupId, Credential) {
    let group = database.write(|tx| {
        let ann = user(tx, "ann").id;
        let tomorrow = tx.now().plus(Duration::from_secs(24 * 3600));
        session(tx, ann, KEY, tomorrow);
        let id = group(tx, "chess");
        join(tx, id, ann, BuiltInRole::Owner);
        Ok(id)
    });
    (group.unwrap(), Credential { key: key(KEY), network: Network::UNKNOWN, origin: Origin::UNKNOWN })
}

/// The direct conversation of two people, one of whom holds the key number [`KEY`].
fn prepare_direct(database: &Database) -> (GroupId, Credential) {
    let group = database.write(|tx| {
        let (ann, bob) = (user(tx, "ann").id, user(tx, "bob").id);
        let tomorrow = tx.now().plus(Duration::from_secs(24 * 3600));
        session(tx, ann, KEY, tomorrow);
        let new = NewDirect { key: DirectKey::of(ann, &[bob]), created_at: tx.now() };
        let id = stored(tx.groups().insert_direct(&new).unwrap());
        for person in [ann, bob] {
            join(tx, id, person, BuiltInRole::Member);
        }
        Ok(id)
    });
    (group.unwrap(), Credential { key: key(KEY), network: Network::UNKNOWN, origin: Origin::UNKNOWN })
}

/// How a group is made, and who is in it.
type Prepare = fn(&Database) -> (GroupId, Credential);

/// A group, and a direct conversation, which costs no more.
const PLACES: [Prepare; 2] = [prepare, prepare_direct];

fn send(database: &Database, who: Credential, group: GroupId, name: &'static str) {
    let sent = database.write_as(who, move |tx, actor| {
        messages::send(
            tx,
            actor,
            &MessageDraft {
                group,
                text: text("hello"),
                client_id: Some(client_id(name)),
                thread: None,
                reply_to: None,
                poll: None,
            },
        )
    });
    assert!(!sent.unwrap().repeated);
}

fn read_page(database: &Database, who: Credential, group: GroupId) -> usize {
    let page = database.read_as(who, move |tx, actor| {
        messages::list(tx, actor, group, Window::Range(MessageRange::Below(None)), limit(50))
    });
    page.unwrap().items.len()
}

/// Fails unless the statements begin like this, in this order. Names are quoted by each database in its own way.
#[track_caller]
fn assert_statements(executed: &[String], expected: &[&str]) {
    let alike = executed.len() == expected.len()
        && executed.iter().zip(expected).all(|(sql, start)| sql.replace(['`', '"'], "").starts_with(start));
    assert!(alike, "executed {executed:#?}\ninstead of {expected:#?}");
}

/// The statements of a send must begin like this. Those that only steer the transaction don't count.
fn a_send_takes(open: fn() -> Database, expected: &[&str]) {
    for place in PLACES {
        a_send_in(&open(), place, expected);
    }
}

fn a_send_in(database: &Database, place: Prepare, expected: &[&str]) {
    let (group, who) = place(database);
    // The first use of a key is also looked up on a reader.
    send(database, who, group, "first");
    database.take_queries();
    send(database, who, group, "second");
    assert_statements(&database.take_queries(), expected);
}

/// A page takes three statements whatever it holds.
fn a_page_takes_three(open: fn() -> Database) {
    for place in PLACES {
        a_page_in(&open(), place);
    }
}

fn a_page_in(database: &Database, place: Prepare) {
    let (group, who) = place(database);
    for name in ["a", "b", "c"] {
        send(database, who, group, name);
    }
    // A connection is opened for its first command.
    read_page(database, who, group);
    database.take_queries();
    assert_eq!(read_page(database, who, group), 3);
    let expected = ["SELECT users.id", "SELECT groups.id", "SELECT messages.id"];
    assert_statements(&database.take_queries(), &expected);
}

/// How many statements it takes to add so many users to a private group at once.
fn statements_of_adding(database: &Database, users: usize) -> usize {
    let (group, who) = prepare(database);
    let batch = database.write(move |tx| {
        let ids: Vec<_> = (0..users).map(|nth| user(tx, &format!("user{nth}")).id.get()).collect();
        let mut found = tx.groups().find_many(&[group])?.remove(0);
        found.visibility = Visibility::Private;
        stored(tx.groups().update(&found)?);
        Ok(Batch::parse(&ids).unwrap())
    });
    let batch = batch.unwrap();
    // The first use of a key is also looked up on a reader.
    send(database, who, group, "first");
    database.take_queries();
    let added =
        database.write_as(who, move |tx, actor| add_members(tx, actor, group, &batch, &Quotas::default()));
    assert_eq!(added.unwrap().iter().filter(|one| one.outcome.is_ok()).count(), users);
    database.take_queries().len()
}

/// Each user who is added to a group costs so many statements, however many are added at once.
fn each_added_user_takes_at_most(open: fn() -> Database, each: usize) {
    let (few, many) = (statements_of_adding(&open(), 2), statements_of_adding(&open(), 12));
    assert!(many - few <= 10 * each, "2 users take {few}, 12 take {many}");
}

/// A page with reactions takes one statement more; one with likes takes none.
fn a_page_with_reactions_takes_four(open: fn() -> Database) {
    let database = open();
    let (group, who) = prepare(&database);
    for name in ["a", "b", "c"] {
        send(&database, who, group, name);
    }
    let react = |text: &'static str| {
        let reacted = database.write_as(who, move |tx, actor| {
            let range = MessageRange::Below(None);
            let page = messages::list(tx, actor, group, Window::Range(range), limit(50))?;
            for view in page.items {
                messages::react(tx, actor, group, view.message.id, emoji(text))?;
            }
            Ok(())
        });
        reacted.unwrap();
        read_page(&database, who, group);
        database.take_queries();
        assert_eq!(read_page(&database, who, group), 3);
        database.take_queries()
    };
    let mut expected = vec!["SELECT users.id", "SELECT groups.id", "SELECT messages.id"];
    assert_statements(&react("👍"), &expected);
    expected.push("SELECT reactions.message_id");
    for text in ["🎉", "❤️", "👩‍🚀"] {
        assert_statements(&react(text), &expected);
    }
}

/// Replies to a message; the root where there is none yet.
fn reply(database: &Database, who: Credential, group: GroupId, root: Option<MessageId>) -> MessageId {
    let sent = database.write_as(who, move |tx, actor| {
        let draft = MessageDraft {
            group,
            text: text("hello"),
            client_id: None,
            thread: root,
            reply_to: None,
            poll: None,
        };
        messages::send(tx, actor, &draft)
    });
    sent.unwrap().view.message.id
}

/// The statements of a later reply must begin like this.
fn a_reply_takes(open: fn() -> Database, expected: &[&str]) {
    let database = open();
    let (group, who) = prepare(&database);
    let root = reply(&database, who, group, None);
    for _ in 0..2 {
        reply(&database, who, group, Some(root));
    }
    database.take_queries();
    reply(&database, who, group, Some(root));
    assert_statements(&database.take_queries(), expected);
}

/// A page with threads takes one more statement for all of them, and so does the list of groups.
fn a_page_with_threads_takes_four(open: fn() -> Database) {
    let database = open();
    let (group, who) = prepare(&database);
    for _ in 0..3 {
        let root = reply(&database, who, group, None);
        reply(&database, who, group, Some(root));
    }
    read_page(&database, who, group);
    database.take_queries();
    assert_eq!(read_page(&database, who, group), 3);
    let expected = ["SELECT users.id", "SELECT groups.id", "SELECT messages.id", "SELECT threads.root_id"];
    assert_statements(&database.take_queries(), &expected);
}

/// Sends a message that quotes this one, if any.
fn quote(database: &Database, who: Credential, group: GroupId, quoted: Option<MessageId>) -> MessageId {
    let sent = database.write_as(who, move |tx, actor| {
        let draft = MessageDraft {
            group,
            text: text("hello"),
            client_id: None,
            thread: None,
            reply_to: quoted,
            poll: None,
        };
        messages::send(tx, actor, &draft)
    });
    sent.unwrap().view.message.id
}

/// A page with quotes takes one more statement for all of them.
fn a_page_with_quotes_takes_four(open: fn() -> Database) {
    let database = open();
    let (group, who) = prepare(&database);
    let quoted = quote(&database, who, group, None);
    for _ in 0..3 {
        quote(&database, who, group, Some(quoted));
    }
    read_page(&database, who, group);
    database.take_queries();
    assert_eq!(read_page(&database, who, group), 4);
    let expected =
        ["SELECT users.id", "SELECT groups.id", "SELECT messages.id", "SELECT message_quotes.message_id"];
    assert_statements(&database.take_queries(), &expected);
}

/// The statements of a message that quotes another one must begin like this.
fn a_quote_takes(open: fn() -> Database, expected: &[&str]) {
    let database = open();
    let (group, who) = prepare(&database);
    let quoted = quote(&database, who, group, None);
    quote(&database, who, group, Some(quoted));
    database.take_queries();
    quote(&database, who, group, Some(quoted));
    assert_statements(&database.take_queries(), expected);
}

/// Sends a poll; its id.
fn ask(database: &Database, who: Credential, group: GroupId, anonymous: bool) -> MessageId {
    let sent = database.write_as(who, move |tx, actor| {
        let options = ["yes", "no"].map(|text| OptionText::parse(text).unwrap());
        let mut poll = PollDraft::new(PollOptions::parse(options.to_vec()).unwrap(), None).unwrap();
        poll.anonymous = anonymous;
        let (text, poll) = (text("when?"), Some(poll));
        let draft = MessageDraft { group, text, client_id: None, thread: None, reply_to: None, poll };
        messages::send(tx, actor, &draft)
    });
    sent.unwrap().view.message.id
}

fn vote(database: &Database, who: Credential, group: GroupId, id: MessageId, option: i64) {
    let voted = database.write_as(who, move |tx, actor| {
        polls::vote(tx, actor, group, id, Choices::from_iter([OptionId::new(option)]))
    });
    voted.unwrap();
}

/// The statements of a vote in an open poll must begin like this; in an anonymous one, it takes one more. A vote soon after
/// another is told later, and so takes one less.
fn a_vote_takes(open: fn() -> Database, expected: &[&str]) {
    for anonymous in [false, true] {
        let database = open();
        let (group, who) = prepare(&database);
        let warm = ask(&database, who, group, anonymous);
        vote(&database, who, group, warm, 1);
        let id = ask(&database, who, group, anonymous);
        database.take_queries();
        vote(&database, who, group, id, 1);
        let mut expected = expected.to_vec();
        if anonymous {
            let found = expected.iter().position(|sql| sql.starts_with("SELECT messages.id")).unwrap();
            expected.insert(found + 1, "SELECT secret_ballots.voter");
            let put = expected.iter().position(|sql| sql.contains("poll_ballots")).unwrap();
            expected[put] = "INSERT INTO secret_ballots";
        }
        assert_statements(&database.take_queries(), &expected);
        vote(&database, who, group, id, 2);
        assert_eq!(database.take_queries().len(), expected.len() - 1);
    }
}

/// A page with polls takes one more statement for all of them, another one for those who are shown as voters, and one if some
/// are anonymous. While nobody has voted in one that isn't, nobody is shown.
fn a_page_with_polls_takes_five(open: fn() -> Database) {
    let database = open();
    let (group, who) = prepare(&database);
    let mut expected =
        vec!["SELECT users.id", "SELECT groups.id", "SELECT messages.id", "SELECT polls.message_id"];
    ask(&database, who, group, false);
    read_page(&database, who, group);
    database.take_queries();
    read_page(&database, who, group);
    assert_statements(&database.take_queries(), &expected);
    expected.push("SELECT users.id");
    for (anonymous, rows) in [(false, 4), (true, 7)] {
        for _ in 0..3 {
            let id = ask(&database, who, group, anonymous);
            vote(&database, who, group, id, 1);
        }
        read_page(&database, who, group);
        database.take_queries();
        assert_eq!(read_page(&database, who, group), rows);
        if anonymous {
            expected.insert(4, "SELECT secret_ballots.voter");
        }
        assert_statements(&database.take_queries(), &expected);
    }
}

/// A page of bookmarks and the list of reminders take as many statements however many there are, in however many groups.
fn what_is_kept_takes_a_constant_number(open: fn() -> Database) {
    let database = open();
    let (group, who) = prepare(&database);
    let mut groups = vec![group];
    let mut number = 0_u32;
    let mut statements = |more: usize| {
        for _ in 0..more {
            number += 1;
            let name = format!("group{number}");
            let other = database.write_as(who, move |tx, actor| {
                let id = stored(tx.groups().insert(&new_group(&name))?);
                join(tx, id, actor.id(), BuiltInRole::Owner);
                Ok(id)
            });
            groups.push(other.unwrap());
            for group in &groups {
                let sent = say(&database, who, *group, format!("message {number}")).view.message.id;
                let poll = ask(&database, who, *group, number.is_multiple_of(2));
                vote(&database, who, *group, poll, 1);
                let kept = database.write_as(who, move |tx, actor| {
                    let later = tx.now().plus(Duration::from_secs(3600));
                    for message in [sent, poll] {
                        saved::put_bookmark(tx, actor, message, None)?;
                        saved::put_reminder(tx, actor, message, later)?;
                    }
                    Ok(())
                });
                kept.unwrap();
            }
        }
        let of_bookmarks = || {
            let list = database.read_as(who, |tx, actor| saved::list_bookmarks(tx, actor, None, limit(50)));
            list.unwrap().items.len()
        };
        let of_reminders = || {
            let list = database.read_as(who, |tx, actor| saved::list_reminders(tx, actor, None, limit(50)));
            list.unwrap().items.len()
        };
        let mut taken = Vec::new();
        for list in [&of_bookmarks as &dyn Fn() -> usize, &of_reminders] {
            list();
            database.take_queries();
            assert!(list() >= more * 2);
            taken.push(database.take_queries().len());
        }
        taken
    };
    let few = statements(2);
    assert_eq!(statements(4), few);
    assert!(few.iter().all(|taken| *taken <= 7), "{few:?}");
}

/// A step that removes old messages takes as many statements for few of them as for many, whatever belongs to them.
fn a_step_of_retention_takes_a_constant_number(open: fn() -> Database) {
    let database = open();
    let (group, who) = prepare(&database);
    let terms = RetentionTerms { age: Some(Duration::ZERO), keeps_pinned: true };
    let step = |roots: usize, is_rich: bool| {
        for _ in 0..roots {
            let root = reply(&database, who, group, None);
            if !is_rich {
                continue;
            }
            for message in [root, reply(&database, who, group, Some(root))] {
                let kept = database.write_as(who, move |tx, actor| {
                    messages::react(tx, actor, group, message, emoji("🎉"))?;
                    saved::put_bookmark(tx, actor, message, None).map(drop)
                });
                kept.unwrap();
            }
        }
        database.take_queries();
        let step = database.write(move |tx| trim(tx, group, &terms)).unwrap();
        (step.messages, database.take_queries().len())
    };
    let (few, many) = (step(3, false), step(40, false));
    assert_eq!((few.0, many.0), (3, 40));
    assert_eq!(few.1, many.1);
    let (few, many) = (step(2, true), step(8, true));
    assert_eq!((few.0, many.0), (4, 16));
    assert_eq!(few.1, many.1);
    assert!(many.1 <= 50, "{}", many.1);
}

/// The list of followed threads takes five, however many there are.
fn followed_threads_take_five(open: fn() -> Database) {
    let database = open();
    let (group, who) = prepare(&database);
    for _ in 0..3 {
        let root = reply(&database, who, group, None);
        reply(&database, who, group, Some(root));
    }
    let list = || {
        database.read_as(who, |tx, actor| messages::list_threads(tx, actor, false, None, limit(2))).unwrap()
    };
    list();
    database.take_queries();
    let page = list();
    assert_eq!((page.items.len(), page.more), (2, true));
    let expected = [
        "SELECT users.id",
        "SELECT threads.root_id",
        "SELECT groups.id",
        "SELECT messages.id",
        "SELECT threads.root_id",
    ];
    assert_statements(&database.take_queries(), &expected);
}

/// A snapshot takes as many statements however many groups there are, and as many threads, direct conversations, mentions
/// and invitations in them.
fn a_snapshot_takes_the_same_for_any_number_of_groups(open: fn() -> Database) {
    let database = open();
    let (_, who) = prepare(&database);
    let snapshot = |since: Option<Cursor>| {
        database.read_as(who, move |tx, actor| sync::take(tx, actor, since.as_ref())).unwrap()
    };
    let mut seen = 1;
    let mut grow = |groups: usize| {
        let before = snapshot(None);
        for _ in 0..groups {
            seen += 1;
            let name = format!("group{seen}");
            let group = database.write_as(who, move |tx, actor| {
                let ann = actor.id();
                let other = user(tx, &name).id;
                let key = DirectKey::of(ann, &[other]);
                let now = tx.now();
                let talk = stored(tx.groups().insert_direct(&NewDirect { key, created_at: now })?);
                let group = stored(tx.groups().insert(&new_group(&name))?);
                for (id, person) in [(talk, ann), (talk, other), (group, ann), (group, other)] {
                    join(tx, id, person, BuiltInRole::Member);
                }
                let inviting = stored(tx.groups().insert(&new_group(&format!("inviting{name}")))?);
                join(tx, inviting, other, BuiltInRole::Owner);
                tx.invitations().put(&NewInvitation {
                    group: inviting,
                    user: ann,
                    invited_by: other,
                    role: BuiltInRole::Member.into(),
                    note: None,
                    created_at: now,
                    expires_at: None,
                })?;
                Ok(group)
            });
            let group = group.unwrap();
            let root = reply(&database, who, group, None);
            reply(&database, who, group, Some(root));
            say(&database, who, group, format!("hello @group{seen}"));
        }
        snapshot(None);
        database.take_queries();
        let whole = snapshot(None);
        let of_whole = database.take_queries();
        assert!(
            whole.groups.len() >= 2 * groups && whole.invitations.is_some_and(|some| some.len() >= groups)
        );
        let part = snapshot(Some(before.cursor));
        let of_part = database.take_queries();
        assert!(!part.is_whole && part.groups.len() >= groups);
        [of_whole, of_part].map(|queries| queries.len())
    };
    let few = grow(2);
    assert_eq!(grow(20), few);
    assert!(few[0] <= 12 && few[1] <= 18, "{few:?}");
}

/// Sends this text.
fn say(database: &Database, who: Credential, group: GroupId, words: String) -> Sent {
    let sent = database.write_as(who, move |tx, actor| {
        let draft = MessageDraft {
            group,
            text: text(&words),
            client_id: None,
            thread: None,
            reply_to: None,
            poll: None,
        };
        messages::send(tx, actor, &draft)
    });
    sent.unwrap()
}

/// Sends a text that mentions so many users, who are in the group.
fn mention(database: &Database, who: Credential, group: GroupId, users: usize) {
    database.take_queries();
    let words: String = (0..users).map(|nth| format!("@user{nth} ")).collect();
    let sent = say(database, who, group, words.trim_end().to_owned());
    assert_eq!(sent.view.message.mentioned.len(), users);
}

/// A send with mentions takes three statements more than one without, and an event for each user, however many these
/// are; a page with mentions one more, and the list of mentions six, or seven where a group has mentions of all members.
fn mentions_take_a_constant_number(open: fn() -> Database, of_a_send: usize) {
    let database = open();
    let (group, who) = prepare(&database);
    let members = database.write(move |tx| {
        for nth in 0..40 {
            let member = user(tx, &format!("user{nth}")).id;
            join(tx, group, member, BuiltInRole::Member);
        }
        Ok(())
    });
    members.unwrap();
    send(&database, who, group, "first");
    for users in [1, 2, 40] {
        mention(&database, who, group, users);
        let executed = database.take_queries();
        let events = executed.iter().filter(|sql| sql.starts_with("INSERT INTO") && sql.contains("events"));
        let others = executed.len() - events.count();
        assert_eq!(others, of_a_send - 1 + 3, "{executed:#?}");
    }
    read_page(&database, who, group);
    database.take_queries();
    assert_eq!(read_page(&database, who, group), 4);
    let expected =
        ["SELECT users.id", "SELECT groups.id", "SELECT messages.id", "SELECT mentions.message_id"];
    assert_statements(&database.take_queries(), &expected);
    let list = |who| {
        database.read_as(who, |tx, actor| messages::list_mentions(tx, actor, false, None, limit(2))).unwrap()
    };
    let key_of_mentioned = database.write(move |tx| {
        let mentioned = tx.accounts().find_by_username(&UsernameKey::of("user0"))?.unwrap().id;
        let tomorrow = tx.now().plus(Duration::from_secs(24 * 3600));
        session(tx, mentioned, KEY + 1, tomorrow);
        Ok(key(KEY + 1))
    });
    let mentioned =
        Credential { key: key_of_mentioned.unwrap(), network: Network::UNKNOWN, origin: Origin::UNKNOWN };
    let mut expected = vec![
        "SELECT users.id",
        "SELECT mentions.message_id",
        "SELECT memberships.group_id",
        "SELECT groups.id",
        "SELECT messages.id",
        "SELECT mentions.message_id",
    ];
    for of_all in [false, true] {
        if of_all {
            say(&database, who, group, "@all and @user0".to_owned());
            expected.insert(3, "SELECT group_mentions.message_id");
        }
        list(mentioned);
        database.take_queries();
        assert_eq!(list(mentioned).items.len(), 2);
        assert_statements(&database.take_queries(), &expected);
    }
}

/// What connections have prepared and keep for the next time, and what they executed.
static HEARD: Mutex<(BTreeSet<String>, BTreeSet<String>)> = Mutex::new((BTreeSet::new(), BTreeSet::new()));

struct StatementRecorder;

impl Instrumentation for StatementRecorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        let mut heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            InstrumentationEvent::CacheQuery { sql, .. } => heard.0.insert(sql.to_owned()),
            InstrumentationEvent::StartQuery { query, .. } => {
                let query = query.to_string();
                heard.1.insert(query.split(" -- binds:").next().unwrap_or_default().to_owned())
            }
            _ => false,
        };
    }
}

/// The statements of sends and pages are prepared once and kept. `quote` is how the database quotes names, by which
/// its statements are told from those of another that is tested at the same time.
fn all_are_prepared_once(open: fn() -> Database, quote: char) {
    // The same for whoever comes second.
    set_default_instrumentation(|| Some(Box::new(StatementRecorder))).unwrap();
    let database = open();
    let (group, who) = prepare(&database);
    let root = reply(&database, who, group, None);
    reply(&database, who, group, Some(root));
    let reacted =
        database.write_as(who, move |tx, actor| messages::react(tx, actor, group, root, emoji("🎉")));
    reacted.unwrap();
    send(&database, who, group, "first");
    read_page(&database, who, group);
    let (cached, executed) = HEARD.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let starts = [
        "SELECT 'users'",
        "SELECT 'groups'",
        "INSERT INTO 'messages'",
        "INSERT INTO 'events'",
        "SELECT 'messages'",
        "SELECT 'threads'",
        "SELECT 'reactions'",
    ];
    for start in starts {
        let start = start.replace('\'', &quote.to_string());
        // Several events are appended by one statement, whose length depends on how many they are.
        let appends_several = |sql: &str| sql.contains("), (");
        let alike = executed.iter().filter(|sql| sql.starts_with(&start) && !appends_several(sql));
        let mut alike = alike.peekable();
        assert!(alike.peek().is_some(), "not executed: {start}");
        for sql in alike {
            assert!(cached.contains(sql), "prepared anew each time: {sql}\nkept: {cached:#?}");
        }
    }
}

mod sqlite {
    use super::*;

    #[test]
    fn a_send_takes_four_statements() {
        let expected = ["SELECT users.id", "SELECT groups.id", "INSERT INTO messages", "INSERT INTO events"];
        a_send_takes(Database::sqlite, &expected);
    }

    #[test]
    fn a_page_takes_three_statements() {
        a_page_takes_three(Database::sqlite);
    }

    /// Four more than a message: it looks for the root and its thread, counts itself, and remembers its author.
    #[test]
    fn a_reply_takes_eight_statements() {
        let expected = [
            "SELECT users.id",
            "SELECT groups.id",
            "SELECT messages.id",
            "SELECT threads.root_id",
            "INSERT INTO messages",
            "INSERT INTO threads",
            "INSERT INTO thread_members",
            "INSERT INTO events",
        ];
        a_reply_takes(Database::sqlite, &expected);
    }

    #[test]
    fn a_page_with_threads_takes_four_statements() {
        a_page_with_threads_takes_four(Database::sqlite);
    }

    #[test]
    fn a_page_with_quotes_takes_four_statements() {
        a_page_with_quotes_takes_four(Database::sqlite);
    }

    /// Two more than a message: it looks for what it quotes, and notes that.
    #[test]
    fn a_quote_takes_six_statements() {
        let expected = [
            "SELECT users.id",
            "SELECT groups.id",
            "SELECT messages.id",
            "INSERT INTO messages",
            "INSERT INTO message_quotes",
            "INSERT INTO events",
        ];
        a_quote_takes(Database::sqlite, &expected);
    }

    #[test]
    fn followed_threads_take_five_statements() {
        followed_threads_take_five(Database::sqlite);
    }

    /// Two more than a message, none of which looks at more than a row.
    #[test]
    fn a_vote_takes_six_statements() {
        let expected = [
            "SELECT users.id",
            "SELECT groups.id",
            "SELECT messages.id",
            "INSERT INTO poll_ballots",
            "UPDATE polls",
            "INSERT INTO events",
        ];
        a_vote_takes(Database::sqlite, &expected);
    }

    #[test]
    fn a_page_with_polls_takes_five_statements() {
        a_page_with_polls_takes_five(Database::sqlite);
    }

    #[test]
    fn what_is_kept_takes_a_constant_number_of_statements() {
        what_is_kept_takes_a_constant_number(Database::sqlite);
    }

    #[test]
    fn a_step_of_retention_takes_a_constant_number_of_statements() {
        a_step_of_retention_takes_a_constant_number(Database::sqlite);
    }

    #[test]
    fn a_snapshot_takes_the_same_for_any_number_of_groups() {
        super::a_snapshot_takes_the_same_for_any_number_of_groups(Database::sqlite);
    }

    #[test]
    fn mentions_take_a_constant_number_of_statements() {
        mentions_take_a_constant_number(Database::sqlite, 4);
    }

    #[test]
    fn each_user_of_a_batch_takes_seven_statements() {
        each_added_user_takes_at_most(Database::sqlite, 7);
    }

    #[test]
    fn a_page_with_reactions_takes_four_statements() {
        a_page_with_reactions_takes_four(Database::sqlite);
    }

    #[test]
    fn the_statements_of_sends_and_pages_are_prepared_once() {
        all_are_prepared_once(Database::sqlite_unobserved, '`');
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    use std::sync::Arc;

    use super::*;

    /// One more than on SQLite: the group is locked before it is read.
    #[test]
    fn a_send_takes_five_statements() {
        let expected = [
            "SELECT users.id",
            "SELECT groups.id FROM groups",
            "SELECT groups.id",
            "INSERT INTO messages",
            "INSERT INTO events",
        ];
        a_send_takes(Database::postgres_with_one_of_each, &expected);
    }

    #[test]
    fn a_page_takes_three_statements() {
        a_page_takes_three(Database::postgres_with_one_of_each);
    }

    #[test]
    fn each_user_of_a_batch_takes_eight_statements() {
        each_added_user_takes_at_most(Database::postgres_with_one_of_each, 8);
    }

    #[test]
    fn a_page_with_threads_takes_four_statements() {
        a_page_with_threads_takes_four(Database::postgres_with_one_of_each);
    }

    #[test]
    fn a_page_with_quotes_takes_four_statements() {
        a_page_with_quotes_takes_four(Database::postgres_with_one_of_each);
    }

    #[test]
    fn followed_threads_take_five_statements() {
        followed_threads_take_five(Database::postgres_with_one_of_each);
    }

    #[test]
    fn a_vote_takes_seven_statements() {
        let expected = [
            "SELECT users.id",
            "SELECT groups.id FROM groups",
            "SELECT groups.id",
            "SELECT messages.id",
            "INSERT INTO poll_ballots",
            "UPDATE polls",
            "INSERT INTO events",
        ];
        a_vote_takes(Database::postgres_with_one_of_each, &expected);
    }

    #[test]
    fn a_page_with_polls_takes_five_statements() {
        a_page_with_polls_takes_five(Database::postgres_with_one_of_each);
    }

    #[test]
    fn what_is_kept_takes_a_constant_number_of_statements() {
        what_is_kept_takes_a_constant_number(Database::postgres_with_one_of_each);
    }

    #[test]
    fn a_step_of_retention_takes_a_constant_number_of_statements() {
        a_step_of_retention_takes_a_constant_number(Database::postgres_with_one_of_each);
    }

    #[test]
    fn a_snapshot_takes_the_same_for_any_number_of_groups() {
        super::a_snapshot_takes_the_same_for_any_number_of_groups(Database::postgres_with_one_of_each);
    }

    #[test]
    fn mentions_take_a_constant_number_of_statements() {
        mentions_take_a_constant_number(Database::postgres_with_one_of_each, 5);
    }

    #[test]
    fn a_page_with_reactions_takes_four_statements() {
        a_page_with_reactions_takes_four(Database::postgres_with_one_of_each);
    }

    #[test]
    fn the_statements_of_sends_and_pages_are_prepared_once() {
        let open = || Database::postgres_with(Arc::new(support::NoListener));
        all_are_prepared_once(open, '"');
    }
}
