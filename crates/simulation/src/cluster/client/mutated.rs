//! The use cases as clients ask for them, some of which a mutation replaces by a wrong one.

use std::sync::{Mutex, PoisonError};

use groupchat_domain::Error;
use groupchat_domain::accounts::Actor;
use groupchat_domain::groups::MemberQuery;
use groupchat_domain::ids::Seq;
use groupchat_domain::messages::{self, MessageDraft, MessagePage, MessageQuery, MessageRange, Window};
use groupchat_domain::paging::{Limit, Page};
use groupchat_domain::storage::Tx;

use crate::cluster::mutation::Mutation;
use crate::commands::{Answer, Argument, Command, Ports};

/// Runs a command, or what a mutation puts in its place.
pub(super) async fn run(command: Command, ports: &Ports<'_>, mutation: Mutation) -> Result<Answer, Error> {
    match (mutation, command) {
        (Mutation::KeepsFirstDecision, Command::Send { .. }) => send_as_decided_first(command, ports).await,
        (Mutation::ReadIgnoresMembership, Command::ListMessages { .. }) => list_for_all(command, ports).await,
        (Mutation::ReadIgnoresHistory, Command::ListMessages { .. }) => {
            list_from_the_first(command, ports).await
        }
        _ => command.run(ports).await,
    }
}

/// Sends a message, and decides once what to answer, however often it has to run.
async fn send_as_decided_first(command: Command, ports: &Ports<'_>) -> Result<Answer, Error> {
    let Command::Send { group, text, client_id } = command else { unreachable!("{command:?} sends nothing") };
    let (group, text) = (group.on(ports.ids), text.on(ports.ids));
    let draft = MessageDraft {
        group,
        text,
        client_id: client_id.on(ports.ids),
        thread: None,
        reply_to: None,
        poll: None,
    };
    let decided = Mutex::new(None);
    let work = move |tx: &mut dyn Tx, actor: &Actor| {
        let sent = messages::send(tx, actor, &draft);
        decided.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(sent).clone()
    };
    ports.storage.write_as(ports.who, work).await.map(Answer::from)
}

/// Reads messages as a member, from the first one on, whatever the group says.
async fn list_from_the_first(command: Command, ports: &Ports<'_>) -> Result<Answer, Error> {
    let Command::ListMessages { group, window, limit } = command else {
        unreachable!("{command:?} lists no messages")
    };
    let (group, window, limit) = (group.on(ports.ids), window.on(ports.ids), limit.on(ports.ids));
    let read = move |tx: &mut dyn Tx, actor: &Actor| {
        let page = messages::list(tx, actor, group, window, limit)?;
        let Window::Range(run @ MessageRange::Below(_)) = window else { return Ok(page) };
        let query = MessageQuery {
            group,
            thread: None,
            viewer: actor.id(),
            run,
            above: Seq::ZERO,
            hidden: None,
            limit,
        };
        let items = Page::from_lookahead(tx.messages().list(&query)?, limit).items;
        Ok(MessagePage { items, ..page })
    };
    ports.storage.read_as(ports.who, read).await.map(Answer::from)
}

/// Reads messages as a member of their group, whoever asks.
async fn list_for_all(command: Command, ports: &Ports<'_>) -> Result<Answer, Error> {
    let Command::ListMessages { group, window, limit } = command else {
        unreachable!("{command:?} lists no messages")
    };
    let (group, window, limit) = (group.on(ports.ids), window.on(ports.ids), limit.on(ports.ids));
    let read = move |tx: &mut dyn Tx, actor: &Actor| {
        let all = MemberQuery { group, search: None, after: None, limit: Limit::DEFAULT };
        let member = tx.members().list(&all)?.into_iter().next();
        let user = member.map_or_else(|| actor.user.clone(), |placed| placed.entry.user);
        messages::list(tx, &Actor { user, ..actor.clone() }, group, window, limit)
    };
    ports.storage.read_as(ports.who, read).await.map(Answer::from)
}
