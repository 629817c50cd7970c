//! Filling a database: through the use cases, so that it is as if people had written it, and with many
//! steps in a command, so that it is fast. Millions of messages can also be stored directly.

mod commands;
mod messages;
mod polls;
mod rich;
mod text;
pub(crate) mod users;

use std::sync::Arc;
use std::time::Instant;

use groupchat_domain::Error;
use groupchat_domain::accounts::Actor;
use groupchat_domain::admissions;
use groupchat_domain::groups::{self, GroupDraft, GroupName, GroupQuery, GroupView, Quotas};
use groupchat_domain::ids::GroupId;
use groupchat_domain::paging::Limit;
use groupchat_domain::search::SearchText;
use groupchat_domain::storage::{Storage, Tx};
use indicatif::ProgressBar;

use self::commands::{Messages, STEPS_PER_COMMAND, commands};
use crate::cli::SeedArgs;
use crate::database::Database;
use crate::error::BenchError;
use crate::output;
use crate::scenario::READERS;

pub(crate) use commands::{READ, WRITE};
pub(crate) use messages::Manner;
pub(crate) use polls::ask;
pub(crate) use text::text as message_text;
pub(crate) use users::{PASSWORD, SignedIn, all as seeded_users, ensure as ensure_users, sign_in};

/// What all groups with many messages are called, with a number after it.
const BUSY: &str = "Bench Room";
/// What all groups are called whose messages have reactions, threads and mentions, with a number after it.
const RICH: &str = "Rich Room";
/// What all groups with one message are called, with a number after it.
const QUIET: &str = "Quiet Room";

/// Unless the command says otherwise, there is one of these for so many plain messages.
const RICH_ONE_IN: u64 = 10;

/// How many groups have messages with reactions, threads and mentions.
const RICH_GROUPS: usize = 2;

/// What a database is to hold. What it holds already is not made again, but for messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Users, all of them members of the busy groups.
    pub users: usize,
    /// Groups over which the messages are spread.
    pub groups: usize,
    /// Messages in all busy groups together.
    pub messages: u64,
    /// Messages in groups where every second message has reactions, a thread and a mention, besides their replies.
    pub rich_messages: u64,
    /// Further groups, with one message each.
    pub quiet_groups: usize,
    /// How many of the users are regulars: members of the further groups, and those whose own threads and mentions are read.
    pub regulars: usize,
    /// How the messages are stored.
    pub manner: Manner,
}

/// The command `seed`.
///
/// # Errors
/// The database can't be opened or written.
pub(crate) async fn seed_command(args: &SeedArgs) -> Result<(), BenchError> {
    let begun = Instant::now();
    let database = Database::open(&args.location())?;
    let plan = Plan {
        users: args.users as usize,
        groups: args.groups as usize,
        messages: args.messages,
        rich_messages: args.rich_messages.unwrap_or(args.messages / RICH_ONE_IN),
        quiet_groups: args.quiet_groups as usize,
        regulars: READERS,
        manner: if args.bulk { Manner::Bulk } else { Manner::Sent },
    };
    let bar = output::progress(plan.messages + plan.rich_messages, "messages");
    fill(database.storage(), plan, &bar).await?;
    database.close();
    bar.finish_and_clear();
    output::print(&format!(
        "{} messages in {} groups and {} with reactions, threads and mentions, written by {} users, in {:.1} s\n\
         sign in as any user from {} on with the password {PASSWORD}\n",
        plan.messages,
        plan.groups,
        plan.rich_messages,
        plan.users,
        begun.elapsed().as_secs_f64(),
        users::username(1),
    ))
}

/// Makes what the plan asks for; the bar counts the messages.
///
/// # Errors
/// The storage failed, or rejected a step.
pub(crate) async fn fill(storage: &dyn Storage, plan: Plan, bar: &ProgressBar) -> Result<(), BenchError> {
    bar.set_message("users");
    let people = users::ensure(storage, plan.users).await?;
    let authors = sign_in(storage, &people).await?;
    bar.set_message("groups");
    let busy = ensure_groups(storage, BUSY, plan.groups, &authors).await?;
    let (regulars, others) = authors.split_at(plan.regulars.min(authors.len()));
    let rich_groups = if plan.rich_messages > 0 { RICH_GROUPS } else { 0 };
    let rich = ensure_groups(storage, RICH, rich_groups, &authors).await?;
    let quiet = ensure_groups(storage, QUIET, plan.quiet_groups, regulars).await?;
    bar.set_message("messages");
    messages::one_in_each(storage, &quiet, regulars).await?;
    let people = rich::People::new(actors(regulars), actors(others), plan.rich_messages);
    spread(storage, plan, (&busy, actors(&authors)), (&rich, people), bar).await
}

fn actors(users: &[SignedIn]) -> Vec<Actor> {
    users.iter().map(|user| user.actor.clone()).collect()
}

/// Writes the messages of a plan: a command's worth into one group, the next into the next.
async fn spread(
    storage: &dyn Storage,
    plan: Plan,
    (busy, authors): (&[GroupId], Vec<Actor>),
    (rich, people): (&[GroupId], rich::People),
    bar: &ProgressBar,
) -> Result<(), BenchError> {
    let (authors, people) = (Arc::new(authors), Arc::new(people));
    let (mut busy, mut rich) = (busy.iter().copied().cycle(), rich.iter().copied().cycle());
    for command in commands(plan.messages, plan.rich_messages) {
        let count = match command {
            Messages::Plain(numbers) => {
                let Some(group) = busy.next() else { return Ok(()) };
                let (count, authors) = (numbers.end - numbers.start, Arc::clone(&authors));
                let write = move |tx: &mut dyn Tx| {
                    messages::write_all(tx, &authors, group, numbers.clone(), plan.manner)
                };
                storage.run(WRITE, write).await?;
                count
            }
            Messages::Rich(numbers) => {
                let Some(group) = rich.next() else { return Ok(()) };
                let (count, people) = (numbers.end - numbers.start, Arc::clone(&people));
                let write = move |tx: &mut dyn Tx| rich::write(tx, &people, group, numbers.clone());
                storage.run(WRITE, write).await?;
                count
            }
        };
        bar.inc(count);
    }
    Ok(())
}

/// The groups with many messages, as the user sees them.
///
/// # Errors
/// The storage failed.
pub(crate) async fn busy_groups(
    storage: &dyn Storage,
    viewer: &SignedIn,
) -> Result<Vec<GroupView>, BenchError> {
    groups_called(storage, BUSY, viewer).await
}

/// The groups whose messages have reactions, threads and mentions, as the user sees them.
///
/// # Errors
/// The storage failed.
pub(crate) async fn rich_groups(
    storage: &dyn Storage,
    viewer: &SignedIn,
) -> Result<Vec<GroupView>, BenchError> {
    groups_called(storage, RICH, viewer).await
}

/// Whether the user is in groups with one message.
///
/// # Errors
/// The storage failed.
pub(crate) async fn has_quiet_groups(storage: &dyn Storage, viewer: &SignedIn) -> Result<bool, BenchError> {
    Ok(!groups_called(storage, QUIET, viewer).await?.is_empty())
}

/// A page of the user's groups with such a name.
async fn groups_called(
    storage: &dyn Storage,
    name: &str,
    viewer: &SignedIn,
) -> Result<Vec<GroupView>, BenchError> {
    let actor = viewer.actor.clone();
    let query = GroupQuery {
        search: Some(SearchText::parse(name).expect("the names are short and plain")),
        mine: true,
        ..GroupQuery::of(actor.id(), Limit::parse(i64::from(Limit::MAX)).unwrap_or(Limit::DEFAULT))
    };
    Ok(storage
        .run(READ, move |tx| Ok(groups::list(tx, &actor, &query)?.items))
        .await?
        .into_iter()
        .map(|placed| placed.entry)
        .collect())
}

/// Makes those of the groups `NAME 1` to `NAME count` that are missing, and has all of the users join.
async fn ensure_groups(
    storage: &dyn Storage,
    name: &str,
    count: usize,
    members: &[SignedIn],
) -> Result<Vec<GroupId>, BenchError> {
    let mut ids = Vec::with_capacity(count);
    let Some(owner) = members.first() else { return Ok(ids) };
    for number in 1..=count {
        ids.push(ensure_group(storage, &format!("{name} {number}"), owner, members).await?);
    }
    Ok(ids)
}

/// Makes a group, unless it is there, and has all of the users join.
///
/// # Errors
/// The storage failed.
pub(crate) async fn ensure_group(
    storage: &dyn Storage,
    name: &str,
    owner: &SignedIn,
    members: &[SignedIn],
) -> Result<GroupId, BenchError> {
    let (name, actor) = (GroupName::from_stored(name.to_owned()), owner.actor.clone());
    let id = storage.run(WRITE, move |tx| find_or_create(tx, &actor, &name)).await?;
    for some in members.chunks(STEPS_PER_COMMAND) {
        let some = some.to_vec();
        let join = move |tx: &mut dyn Tx| {
            some.iter()
                .try_for_each(|one| admissions::join(tx, &one.actor, id, None, &Quotas::UNLIMITED).map(drop))
        };
        storage.run(WRITE, join).await?;
    }
    Ok(id)
}

fn find_or_create(tx: &mut dyn Tx, actor: &Actor, name: &GroupName) -> Result<GroupId, Error> {
    let query = GroupQuery {
        search: Some(SearchText::parse(name.as_str()).expect("a name is no longer than a search may be")),
        ..GroupQuery::of(actor.id(), Limit::DEFAULT)
    };
    let found = groups::list(tx, actor, &query)?
        .items
        .into_iter()
        .map(|placed| placed.entry)
        .find(|view| view.group.name.as_ref() == Some(name));
    if let Some(view) = found {
        return Ok(view.group.id);
    }
    let draft = GroupDraft::named(name.clone());
    Ok(groups::create(tx, actor, &draft, &Quotas::UNLIMITED)?.group.id)
}

#[cfg(test)]
mod tests {
    use groupchat_domain::ids::Seq;
    use groupchat_domain::messages::{self as domain, MessageRange, Window};
    use groupchat_domain::time::Clock;
    use groupchat_infra::check::Depth;
    use groupchat_infra::clock::SystemClock;
    use groupchat_infra::sqlite;

    use super::*;
    use crate::database::Database;
    use crate::location::DatabaseLocation;

    #[tokio::test]
    async fn filling_again_adds_messages_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let database = Database::open(&DatabaseLocation::Directory(directory.path().to_owned())).unwrap();
        let storage = database.storage();
        let sent = Plan {
            users: 3,
            groups: 2,
            messages: 1_100,
            rich_messages: 200,
            quiet_groups: 2,
            regulars: 2,
            manner: Manner::Sent,
        };
        for (time, manner) in [(1, Manner::Sent), (2, Manner::Bulk), (3, Manner::Sent)] {
            let plan = Plan { manner, ..sent };
            fill(storage, plan, &ProgressBar::hidden()).await.unwrap();
            let users = seeded_users(storage).await.unwrap();
            let names: Vec<_> = users.iter().map(|user| user.username.as_str()).collect();
            assert_eq!(names, ["bench-001", "bench-002", "bench-003"]);
            let viewer = &sign_in(storage, &users).await.unwrap()[0];
            assert!(has_quiet_groups(storage, viewer).await.unwrap());
            let rooms = busy_groups(storage, viewer).await.unwrap();
            let last: Vec<_> = rooms.iter().map(|view| view.group.last_seq.get()).collect();
            assert_eq!(last, [600 * time, 500 * time], "filled {time} times");
            assert!(rooms.iter().all(|view| view.group.member_count == 3));
            let rich = rich_groups(storage, viewer).await.unwrap();
            let last: Vec<_> = rich.iter().map(|view| view.group.last_seq.get()).collect();
            assert_eq!(last, [100 * time, 100 * time], "filled {time} times");
        }
        database.close();
        let findings = sqlite::check(&directory.path().join("groupchat.db"), Depth::Full, SystemClock.now());
        let failures: Vec<_> = findings.iter().filter(|finding| finding.is_failure()).collect();
        assert!(failures.is_empty(), "{failures:?}");
    }

    #[tokio::test]
    async fn every_second_message_of_a_rich_group_has_three_reactions_a_thread_and_a_mention() {
        let directory = tempfile::tempdir().unwrap();
        let database = Database::open(&DatabaseLocation::Directory(directory.path().to_owned())).unwrap();
        let storage = database.storage();
        let plan = Plan {
            users: 5,
            groups: 1,
            messages: 0,
            rich_messages: 200,
            quiet_groups: 0,
            regulars: 3,
            manner: Manner::Sent,
        };
        fill(storage, plan, &ProgressBar::hidden()).await.unwrap();
        let users = seeded_users(storage).await.unwrap();
        let viewer = &sign_in(storage, &users).await.unwrap()[0];
        let group = rich_groups(storage, viewer).await.unwrap()[0].group.id;
        let actor = viewer.actor.clone();
        let page = storage
            .run(READ, move |tx| {
                let window = Window::Range(MessageRange::Below(Some(Seq::new(52))));
                domain::list(tx, &actor, group, window, Limit::DEFAULT)
            })
            .await
            .unwrap();
        for view in &page.items {
            let is_rich = view.message.seq.get() % 2 == 1;
            let counts: Vec<_> = view.message.reactions.iter().map(|found| found.count).collect();
            assert_eq!(counts, if is_rich { vec![1, 1, 1] } else { vec![] }, "{view:?}");
            assert_eq!(view.message.mentioned.len(), usize::from(is_rich), "{view:?}");
            assert_eq!(view.thread.is_some(), is_rich, "{view:?}");
        }
        assert!(page.items.iter().any(|view| !view.reacted.is_empty()), "some of the viewer's own");
        let first = page.items.last().expect("a page");
        assert_eq!((page.items.len(), first.message.seq), (50, Seq::new(2)));
        database.close();
    }
}
