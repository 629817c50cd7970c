//! Loads what is stored about messages beside them, each kind for all of them at once.

use std::collections::{BTreeSet, HashMap};

use crate::accounts::{Actor, UserRef, find_refs};
use crate::ids::{MessageId, UserId};
use crate::messages::model::{Attachments, Message, MessageView};
use crate::messages::quote::Quoted;
use crate::messages::readable::Readable;
use crate::polls::PollView;
use crate::storage::{StorageFault, Tx};

/// Completes what repositories leave out of messages: at most one query for each kind that one of them has, and none
/// where they have nothing. One more finds those who are shown as voters, and one looks up who may read the quoted messages
/// of groups that `readable` doesn't know.
pub(crate) fn attach<'a>(
    tx: &mut dyn Tx,
    actor: &Actor,
    readable: Readable,
    views: impl IntoIterator<Item = &'a mut MessageView>,
) -> Result<(), StorageFault> {
    let has_some = |view: &&mut MessageView| !view.message.attachments.is_empty();
    let mut views: Vec<_> = views.into_iter().filter(has_some).collect();
    attach_mentions(tx, views.iter_mut().map(|view| &mut view.message))?;
    attach_polls(tx, actor.id(), &mut views)?;
    attach_threads(tx, actor.id(), &mut views)?;
    attach_quoted(tx, actor, readable, &mut views)
}

fn attach_polls(tx: &mut dyn Tx, viewer: UserId, views: &mut [&mut MessageView]) -> Result<(), StorageFault> {
    let is_poll = |view: &&mut &mut MessageView| view.message.attachments.contain(Attachments::POLL);
    let mut of_polls: Vec<_> = views.iter_mut().filter(is_poll).collect();
    if of_polls.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = of_polls.iter().map(|view| view.message.id).collect();
    let mut polls: HashMap<_, _> = tx.polls().views(&ids, viewer)?.into_iter().collect();
    for view in &mut of_polls {
        if let Some(found) = polls.remove(&view.message.id) {
            view.choices = found.choices();
            view.voters = found.shows_voters().then(Vec::new);
            let PollView { poll, .. } = found;
            view.message.poll = Some(Box::new(poll));
        }
    }
    attach_voters(tx, &mut of_polls)
}

/// Says who votes for what in the polls that show it: one query, and none where nobody votes in them.
fn attach_voters(tx: &mut dyn Tx, views: &mut [&mut &mut MessageView]) -> Result<(), StorageFault> {
    let shown: BTreeSet<_> = views.iter().flat_map(|view| view.shown_voters()).collect();
    let users = find_refs(tx, &shown)?;
    for view in views {
        let of_poll: BTreeSet<_> = view.shown_voters().collect();
        if let Some(voters) = &mut view.voters {
            voters.extend(of_poll.iter().filter_map(|id| users.get(id).cloned()));
        }
    }
    Ok(())
}

fn attach_threads(
    tx: &mut dyn Tx,
    viewer: UserId,
    views: &mut [&mut MessageView],
) -> Result<(), StorageFault> {
    let has_thread = |view: &&mut &mut MessageView| view.message.attachments.contain(Attachments::THREAD);
    let mut roots: Vec<_> = views.iter_mut().filter(has_thread).collect();
    if roots.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = roots.iter().map(|view| view.message.id).collect();
    let found = tx.threads().views(&ids, viewer)?;
    let mut threads: HashMap<_, _> = found.into_iter().map(|view| (view.thread.root, view)).collect();
    for view in &mut roots {
        view.thread = threads.remove(&view.message.id);
    }
    Ok(())
}

/// What somebody may not read is not shown to them but for the id of a message of the same group.
fn attach_quoted(
    tx: &mut dyn Tx,
    actor: &Actor,
    readable: Readable,
    views: &mut [&mut MessageView],
) -> Result<(), StorageFault> {
    let quoting = views.iter().filter(|view| view.message.quotes());
    let ids: Vec<_> = quoting.map(|view| view.message.id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let found = tx.quotes().find_many(&ids)?;
    let readable = readable.with(tx, actor, found.iter().map(|quote| quote.quoted.group))?;
    let mut quotes: HashMap<_, _> = found.into_iter().map(|quote| (quote.by, quote.quoted)).collect();
    for view in &mut *views {
        let Some(quoted) = quotes.remove(&view.message.id) else { continue };
        view.message.name_quoted(quoted.id);
        view.quoted = Some(quoted).filter(|quoted| readable.contains(quoted.group, quoted.history_seq));
    }
    let replies = views.iter_mut().filter(|view| view.message.attachments.contain(Attachments::QUOTE));
    name_in_excerpts(tx, replies.filter_map(|view| view.quoted.as_mut()))
}

/// Looks up whom quoted messages mention whose excerpts are shown: one query, and none where they mention nobody.
pub(crate) fn name_in_excerpts<'a>(
    tx: &mut dyn Tx,
    quoted: impl Iterator<Item = &'a mut Quoted>,
) -> Result<(), StorageFault> {
    let mut naming: Vec<_> = quoted.filter(|quoted| quoted.may_name()).collect();
    if naming.is_empty() {
        return Ok(());
    }
    let ids: BTreeSet<_> = naming.iter().map(|quoted| quoted.id).collect();
    let users = load_mentioned(tx, &ids.into_iter().collect::<Vec<_>>())?;
    for quoted in &mut naming {
        quoted.mentioned = users.get(&quoted.id).cloned().unwrap_or_default();
    }
    Ok(())
}

/// Completes messages as everybody sees them.
pub(crate) fn attach_for_everybody(tx: &mut dyn Tx, messages: &mut [Message]) -> Result<(), StorageFault> {
    attach_mentions(tx, &mut *messages)?;
    attach_polls_for_everybody(tx, messages)?;
    let replies = messages.iter().filter(|message| message.attachments.contain(Attachments::QUOTE));
    let ids: Vec<MessageId> = replies.map(|message| message.id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let found = tx.quotes().find_many(&ids)?;
    let quoted: HashMap<_, _> = found.into_iter().map(|quote| (quote.by, quote.quoted.id)).collect();
    for message in messages {
        quoted.get(&message.id).into_iter().for_each(|quoted| message.name_quoted(*quoted));
    }
    Ok(())
}

fn attach_polls_for_everybody(tx: &mut dyn Tx, messages: &mut [Message]) -> Result<(), StorageFault> {
    let is_poll = |message: &&Message| message.attachments.contain(Attachments::POLL);
    let ids: Vec<MessageId> = messages.iter().filter(is_poll).map(|message| message.id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let mut polls: HashMap<_, _> = tx.polls().find_many(&ids)?.into_iter().collect();
    for message in messages {
        message.poll = polls.remove(&message.id).map(Box::new);
    }
    Ok(())
}

/// Completes messages by whom they mention: one query, and none where they mention nobody by name.
pub(super) fn attach_mentions<'a>(
    tx: &mut dyn Tx,
    messages: impl IntoIterator<Item = &'a mut Message>,
) -> Result<(), StorageFault> {
    let names = |message: &&mut Message| message.attachments.contain(Attachments::NAMES);
    let mut naming: Vec<_> = messages.into_iter().filter(names).collect();
    if naming.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = naming.iter().map(|message| message.id).collect();
    let mut users = load_mentioned(tx, &ids)?;
    for message in &mut naming {
        message.mentioned = users.remove(&message.id).unwrap_or_default();
    }
    Ok(())
}

/// Whom each of these messages mentions by name.
fn load_mentioned(
    tx: &mut dyn Tx,
    ids: &[MessageId],
) -> Result<HashMap<MessageId, Vec<UserRef>>, StorageFault> {
    let mut users: HashMap<_, Vec<_>> = HashMap::new();
    for (message, user) in tx.mentions().named(ids)? {
        users.entry(message).or_default().push(user);
    }
    Ok(users)
}
