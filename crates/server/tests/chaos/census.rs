//! The state of all groups, read while nobody writes: what was acknowledged is there, and what is counted is counted
//! right.

use std::collections::{BTreeSet, HashMap};

use groupchat_testing::Dice;
use reqwest::Method;
use serde_json::Value;

use crate::caller::RetryingClient;
use crate::ledger::OwnMessage;
use crate::world::{Message, Person, World};

/// Reads the state of the world.
pub(crate) struct Census<'w> {
    world: &'w World,
    /// Of the owner of all groups.
    host: RetryingClient,
    /// Of the writers.
    writers: Vec<RetryingClient>,
    /// Of what there is to get wrong, what there was.
    seen: BTreeSet<&'static str>,
}

/// What a run is for.
const KINDS: [&str; 8] = [
    "deletions",
    "edits",
    "forwards",
    "quotes",
    "reactions",
    "replies",
    "unread mentions in groups",
    "unread mentions in threads",
];

/// All messages of all groups, by group or root, in their order.
#[derive(Default)]
struct Contents {
    groups: HashMap<i64, Vec<Value>>,
    threads: HashMap<Message, Vec<Value>>,
    by_id: HashMap<Message, Value>,
    /// Who has given a reaction.
    reactors: HashMap<(Message, String), Vec<i64>>,
}

impl<'w> Census<'w> {
    /// A census by these servers.
    pub(crate) fn new(world: &'w World, urls: &[String], mut dice: Dice) -> Self {
        let host = RetryingClient::new(urls, &world.host.key, dice.split());
        let writers =
            world.writers.iter().map(|writer| RetryingClient::new(urls, &writer.key, dice.split())).collect();
        Self { world, host, writers, seen: BTreeSet::new() }
    }

    /// Fails unless there was something of each kind.
    pub(crate) fn has_seen_all(&self) {
        assert_eq!(self.seen.iter().copied().collect::<Vec<_>>(), KINDS);
    }

    /// Waits until nobody writes, and looks at everything.
    pub(crate) async fn take(&mut self) {
        let world = self.world;
        let _all = world.pause.write().await;
        let contents = self.read().await;
        contents.check_counts();
        contents.by_id.values().for_each(|message| self.note(message));
        for number in 0..world.writers.len() {
            check_ledger(world, number, &contents);
            self.check_cursors(number, &contents).await;
        }
    }

    /// Notes of which kinds a message is.
    fn note(&mut self, message: &Value) {
        let kinds = [
            ("deletions", !message["deleted_at"].is_null()),
            ("edits", !message["edited_at"].is_null()),
            ("forwards", message["forwarded"] == true),
            ("quotes", !message["reply_to"].is_null()),
            ("reactions", message["reactions"] != Value::Array(Vec::new())),
            ("replies", !message["thread_id"].is_null()),
        ];
        self.seen.extend(kinds.iter().filter(|(_, is_so)| *is_so).map(|(kind, _)| *kind));
    }

    async fn read(&mut self) -> Contents {
        let mut contents = Contents::default();
        for group in self.world.groups() {
            let messages = pages(&mut self.host, &format!("/groups/{group}/messages?")).await;
            for root in messages.iter().filter(|message| message["thread"].is_object()) {
                let root = key(root);
                let path = format!("/groups/{group}/messages?thread_id={}&", root.id);
                let replies = pages(&mut self.host, &path).await;
                contents.by_id.extend(replies.iter().map(|reply| (key(reply), reply.clone())));
                contents.threads.insert(root, replies);
            }
            contents.by_id.extend(messages.iter().map(|message| (key(message), message.clone())));
            contents.groups.insert(group, messages);
        }
        let reacted: Vec<_> =
            contents.by_id.iter().flat_map(|(message, value)| reactions(*message, value)).collect();
        for (message, emoji, _) in reacted {
            let path = format!("{}/reactions/{}?", message.path(), percent_encoded(&emoji));
            let reactors = pages(&mut self.host, &path).await;
            let ids = reactors.iter().map(|reactor| number(&reactor["user"]["id"])).collect();
            contents.reactors.insert((message, emoji), ids);
        }
        contents
    }

    /// Looks at the read cursors of a writer, and at what is unread by them.
    async fn check_cursors(&mut self, nth: usize, contents: &Contents) {
        let (person, caller) = (&self.world.writers[nth], &mut self.writers[nth]);
        let groups = pages(caller, "/groups?mine=true&").await;
        let threads = pages(caller, "/threads?").await;
        let ledger = self.world.ledgers[nth].lock().unwrap();
        for group in groups {
            // Others are those whose creation was not acknowledged.
            let Some(messages) = contents.groups.get(&number(&group["id"])) else { continue };
            if let Some(read) = ledger.read.get(&number(&group["id"])) {
                assert_eq!(number(&group["read_seq"]), *read, "{}: {group}", person.username);
            }
            if check_unread(person, &group, messages) > 0 {
                self.seen.insert("unread mentions in groups");
            }
        }
        let followed: Vec<_> = threads.iter().map(key).collect();
        for root in &threads {
            if let Some(read) = ledger.read_in_threads.get(&key(root)) {
                assert_eq!(number(&root["thread"]["read_seq"]), *read, "{}: {root}", person.username);
            }
            if check_unread(person, &root["thread"], &contents.threads[&key(root)]) > 0 {
                self.seen.insert("unread mentions in threads");
            }
        }
        for (root, replies) in &contents.threads {
            let has_replied = replies.iter().any(|reply| number(&reply["author"]["id"]) == person.id);
            assert!(!has_replied || followed.contains(root), "{} follows {root:?}", person.username);
        }
    }
}

/// Fails unless everything that a writer was told is its own is as it was told, in groups that are there.
fn check_ledger(world: &World, nth: usize, contents: &Contents) {
    let (person, ledger) = (&world.writers[nth], world.ledgers[nth].lock().unwrap());
    let is_there = |message: &Message| contents.groups.contains_key(&message.group);
    for (message, own) in ledger.messages.iter().filter(|(message, _)| is_there(message)) {
        let stored = contents.by_id.get(message);
        let stored = stored.unwrap_or_else(|| panic!("{}: {message:?} is lost", person.username));
        assert_eq!(OwnMessage::read(stored), *own, "{}: {stored}", person.username);
        assert_eq!(stored["deleted_at"].is_null(), own.text.is_some(), "{}: {stored}", person.username);
    }
    for ((message, emoji), is_given) in &ledger.reactions {
        let Some(stored) = contents.by_id.get(message) else { continue };
        let reactors = contents.reactors.get(&(*message, (*emoji).to_owned()));
        let is_there = reactors.is_some_and(|ids| ids.contains(&person.id));
        let expected = *is_given && stored["deleted_at"].is_null();
        assert_eq!(is_there, expected, "{}: {emoji} to {stored}", person.username);
    }
}

/// Fails unless what somebody is told is unread of a group or of a thread is what they have not read; how many mentions that
/// are.
fn check_unread(person: &Person, state: &Value, messages: &[Value]) -> usize {
    let (read, last) = (number(&state["read_seq"]), number(&state["last_seq"]));
    assert_eq!(number(&state["unread"]), last - read, "{}: {state}", person.username);
    let mentions = messages.iter().filter(|message| number(&message["seq"]) > read);
    let mentions = mentions.filter(|message| mentions_user(message, person.id)).count();
    assert_eq!(
        number(&state["unread_mentions"]),
        i64::try_from(mentions).unwrap(),
        "{}: {state}",
        person.username
    );
    mentions
}

/// Whether a message by somebody else mentions a user, by name or with all members.
fn mentions_user(message: &Value, user: i64) -> bool {
    let mentions = &message["mentions"];
    let is_named =
        mentions["users"].as_array().is_some_and(|users| users.iter().any(|one| number(&one["id"]) == user));
    number(&message["author"]["id"]) != user && (is_named || mentions["all"] == true)
}

impl Contents {
    /// Fails unless all counts that everybody is told are what is counted here.
    fn check_counts(&self) {
        for messages in self.groups.values().chain(self.threads.values()) {
            for (message, seq) in messages.iter().zip(1..) {
                assert_eq!(number(&message["seq"]), seq, "no number is left out: {message}");
            }
        }
        for (root, replies) in &self.threads {
            let thread = &self.by_id[root]["thread"];
            let left = replies.iter().filter(|reply| reply["deleted_at"].is_null()).count();
            assert_eq!(thread["reply_count"], left, "{root:?}");
            assert_eq!(thread["last_seq"], replies.len(), "{root:?}");
        }
        for (message, value) in &self.by_id {
            let mut likes = 0;
            for (_, emoji, count) in reactions(*message, value) {
                likes += if emoji == "👍" { count } else { 0 };
                let reactors = &self.reactors[&(*message, emoji)];
                assert_eq!(i64::try_from(reactors.len()).unwrap(), count, "{value}");
                assert!(value["deleted_at"].is_null(), "{value}");
            }
            assert_eq!(number(&value["likes"]), likes, "{value}");
        }
    }
}

/// The reactions to a message, with their counts.
fn reactions(message: Message, value: &Value) -> Vec<(Message, String, i64)> {
    let all = value["reactions"].as_array().unwrap().iter();
    all.map(|one| (message, one["emoji"].as_str().unwrap().to_owned(), number(&one["count"]))).collect()
}

fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn key(message: &Value) -> Message {
    Message { group: number(&message["group_id"]), id: number(&message["id"]) }
}

#[track_caller]
fn number(value: &Value) -> i64 {
    value.as_i64().unwrap()
}

/// All entries of a list; messages in the order of their numbers.
async fn pages(caller: &mut RetryingClient, path: &str) -> Vec<Value> {
    let (mut all, mut page) = (Vec::new(), format!("{path}limit=200"));
    loop {
        let found = caller.insist(Method::GET, &page, None).await.expect("nobody writes");
        all.extend(found["items"].as_array().unwrap().iter().cloned());
        let Some(cursor) = found["next"].as_str() else { break };
        page = format!("{path}limit=200&cursor={cursor}");
    }
    if all.first().is_some_and(|first| first["seq"].is_i64()) {
        all.sort_by_key(|message| number(&message["seq"]));
    }
    all
}
