//! Commands that send messages: single ones, replies, quotes, forwards and batches.

use groupchat_domain::Error;
use groupchat_domain::messages::{self, BatchItem, ForwardDraft, MessageDraft};
use groupchat_domain::storage::{Storage, StorageFault};
use groupchat_testing::Dice;

use crate::commands::{News, Reply, Running, act};
use crate::ledger::Promise;
use crate::scene::Scene;

/// How many messages a batch has.
const ITEMS: usize = 3;

/// What a sender may rely on. A refusal and every fault but one say that nothing is stored.
fn sent(client_id: String, result: Result<messages::Sent, &Error>) -> Reply {
    match result {
        Ok(sent) => {
            let message = sent.view.message;
            let promise = Promise::Stored { client_id, id: message.id, seq: message.seq };
            Reply { news: Some(News::Message(message.group_id, message.id)), ..Reply::promise(promise) }
        }
        Err(Error::Fault(StorageFault::OutcomeUnknown)) => Reply::default(),
        Err(_) => Reply::promise(Promise::Refused { client_id }),
    }
}

pub(crate) fn send<'s>(scene: &mut Scene, dice: &mut Dice, storage: &'s dyn Storage) -> Running<'s> {
    let (who, group) = (scene.member(dice).who, scene.group(dice));
    let (client_id, text) = (scene.client_id(), scene.text(dice));
    let named = client_id.as_str().to_owned();
    let draft =
        MessageDraft { group, text, client_id: Some(client_id), thread: None, reply_to: None, poll: None };
    act(storage, who, move |tx, actor| messages::send(tx, actor, &draft), |result| sent(named, result))
}

/// The same message twice in one command: the second time it must be recognized.
pub(crate) fn send_again<'s>(scene: &mut Scene, dice: &mut Dice, storage: &'s dyn Storage) -> Running<'s> {
    let (who, group) = (scene.member(dice).who, scene.group(dice));
    let (client_id, text) = (scene.client_id(), scene.text(dice));
    let named = client_id.as_str().to_owned();
    let draft =
        MessageDraft { group, text, client_id: Some(client_id), thread: None, reply_to: None, poll: None };
    let twice = draft.clone();
    Box::pin(async move {
        let first = act(storage, who, move |tx, actor| messages::send(tx, actor, &draft), {
            let named = named.clone();
            |result| sent(named, result)
        });
        let first = first.await;
        let again = act(
            storage,
            who,
            move |tx, actor| messages::send(tx, actor, &twice),
            |result| sent(named, result),
        );
        let again = again.await;
        if first.fault.is_none() && again.fault.is_none() {
            assert_eq!(first.promises, again.promises, "a repeat is another message");
        }
        // What a fault says of the second try says nothing about the first.
        if again.fault.is_some() { first } else { again }
    })
}

pub(crate) fn send_as_outsider<'s>(
    scene: &mut Scene,
    dice: &mut Dice,
    storage: &'s dyn Storage,
) -> Running<'s> {
    let (who, group) = (scene.admin.who, scene.group(dice));
    let (client_id, text) = (scene.client_id(), scene.text(dice));
    let named = client_id.as_str().to_owned();
    let draft =
        MessageDraft { group, text, client_id: Some(client_id), thread: None, reply_to: None, poll: None };
    act(storage, who, move |tx, actor| messages::send(tx, actor, &draft), |result| sent(named, result))
}

/// Replies to a message, or to a reply, which is refused.
pub(crate) fn reply<'s>(scene: &mut Scene, dice: &mut Dice, storage: &'s dyn Storage) -> Running<'s> {
    let (who, (group, root)) = (scene.member(dice).who, scene.message(dice));
    let (client_id, text) = (scene.client_id(), scene.text(dice));
    let named = client_id.as_str().to_owned();
    let draft = MessageDraft {
        group,
        text,
        client_id: Some(client_id),
        thread: Some(root),
        reply_to: None,
        poll: None,
    };
    act(storage, who, move |tx, actor| messages::send(tx, actor, &draft), |result| sent(named, result))
}

/// Quotes a message.
pub(crate) fn quote<'s>(scene: &mut Scene, dice: &mut Dice, storage: &'s dyn Storage) -> Running<'s> {
    let (who, (group, quoted)) = (scene.member(dice).who, scene.message(dice));
    let (client_id, text) = (scene.client_id(), scene.text(dice));
    let named = client_id.as_str().to_owned();
    let draft = MessageDraft {
        group,
        text,
        client_id: Some(client_id),
        thread: None,
        reply_to: Some(quoted),
        poll: None,
    };
    act(storage, who, move |tx, actor| messages::send(tx, actor, &draft), |result| sent(named, result))
}

/// Forwards a message to a group, or to its own.
pub(crate) fn forward<'s>(scene: &mut Scene, dice: &mut Dice, storage: &'s dyn Storage) -> Running<'s> {
    let (who, (from, message), to) = (scene.member(dice).who, scene.message(dice), scene.group(dice));
    let client_id = scene.client_id();
    let named = client_id.as_str().to_owned();
    let draft = ForwardDraft { from, message, to, client_id: Some(client_id) };
    act(storage, who, move |tx, actor| messages::forward(tx, actor, &draft), |result| sent(named, result))
}

/// Sends several messages: all of them are stored, or none.
pub(crate) fn send_batch<'s>(scene: &mut Scene, dice: &mut Dice, storage: &'s dyn Storage) -> Running<'s> {
    let (who, group) = (scene.member(dice).who, scene.group(dice));
    let mut item = || BatchItem {
        text: scene.text(dice),
        client_id: Some(scene.client_id()),
        author: None,
        created_at: None,
    };
    let items: Vec<_> = (0..ITEMS).map(|_| item()).collect();
    let named: Vec<_> =
        items.iter().filter_map(|item| item.client_id.as_ref()).map(|id| id.as_str().to_owned()).collect();
    let reply = move |result: Result<Vec<messages::Sent>, &Error>| {
        let each: Vec<_> = match result {
            Ok(all) => named.into_iter().zip(all).map(|(named, one)| sent(named, Ok(one))).collect(),
            Err(error) => named.into_iter().map(|named| sent(named, Err(error))).collect(),
        };
        let news = each.last().and_then(|last| last.news);
        Reply { promises: each.into_iter().flat_map(|one| one.promises).collect(), news, ..Reply::default() }
    };
    act(storage, who, move |tx, actor| messages::send_batch(tx, actor, group, &items, &[]), reply)
}
