//! Compares what the server acknowledged with what it stored, once it has stopped.

use std::collections::BTreeMap;

use groupchat_domain::ids::{GroupId, MessageId, Seq, UserId};
use groupchat_domain::messages::{MessageQuery, MessageRange, MessageView};
use groupchat_domain::paging::Limit;
use groupchat_domain::storage::{Storage, Tx};

use crate::audit_fault::AuditFault;
use crate::database::Database;
use crate::error::BenchError;
use crate::fixture::Fixture;
use crate::seed::READ;

/// Reads the messages in the groups of fixtures of one database, which share a ledger, and returns how many the server
/// acknowledged: each is there, once, as it was sent. The votes in their polls are counted right.
///
/// # Errors
/// [`BenchError::Audit`] if that is not so, or the database can't be read.
pub(crate) async fn audit(fixtures: &[&Fixture]) -> Result<u64, BenchError> {
    let Some(first) = fixtures.first() else { return Ok(0) };
    let database = Database::open(&first.location)?;
    let counted = compare(database.storage(), first, fixtures).await;
    database.close();
    counted
}

async fn compare(storage: &dyn Storage, first: &Fixture, fixtures: &[&Fixture]) -> Result<u64, BenchError> {
    let mut expected = first.ledger.expectation();
    let Some(viewer) = first.users.first() else { return Ok(expected.finish()?) };
    let rooms = fixtures.iter().flat_map(|fixture| &fixture.rooms);
    let rooms: BTreeMap<_, _> = rooms.map(|room| (room.id, room.last_seq)).collect();
    for (group, mut last) in rooms {
        loop {
            let page = page(storage, group, viewer.actor.id(), last).await?;
            let Some(end) = page.last() else { break };
            last = end.message.seq;
            for MessageView { message, .. } in &page {
                if let Some(client_id) = &message.client_id {
                    let text = message.text.as_ref().map(|text| text.as_str());
                    expected.find(group, client_id.as_str(), text)?;
                }
            }
        }
    }
    for (_, poll) in fixtures.iter().flat_map(|fixture| &fixture.polls) {
        recount(storage, *poll).await?;
    }
    Ok(expected.finish()?)
}

/// Compares what a poll says with its ballots. There are no more of these than connections.
async fn recount(storage: &dyn Storage, poll: MessageId) -> Result<(), BenchError> {
    let read = move |tx: &mut dyn Tx| {
        let ballots = tx.polls().some_ballots(poll, i64::from(u16::MAX))?;
        Ok((tx.polls().find_many(&[poll])?.pop(), ballots))
    };
    let (Some((_, stored)), ballots) = storage.run(READ, read).await? else { return Ok(()) };
    let count = |option| ballots.iter().filter(|(_, choices)| choices.contain(option)).count();
    let counted = stored.ids().map(count).map(|votes| i64::try_from(votes).unwrap_or(i64::MAX));
    let is_right = counted.eq(stored.options.iter().map(|option| option.votes));
    if is_right && i64::try_from(ballots.len()) == Ok(stored.voters) {
        return Ok(());
    }
    Err(AuditFault::Miscounted(poll).into())
}

/// The messages after this number, as many as a page has.
async fn page(
    storage: &dyn Storage,
    group: GroupId,
    viewer: UserId,
    after: Seq,
) -> Result<Vec<MessageView>, BenchError> {
    let limit = Limit::parse(i64::from(Limit::MAX)).unwrap_or(Limit::DEFAULT);
    let query = MessageQuery {
        group,
        thread: None,
        viewer,
        run: MessageRange::Above(after),
        above: Seq::ZERO,
        hidden: None,
        limit,
    };
    let read = move |tx: &mut dyn Tx| Ok(tx.messages().list(&query)?);
    Ok(storage.run(READ, read).await?)
}
