//! Tickets, and the networks from which users signed in.

use groupchat_domain::accounts::{KeyHash, KnownNetworkRepository, NewTicket, TicketRepository};
use groupchat_domain::ids::{SessionId, UserId};
use groupchat_domain::network::Network;
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::{Span, Timestamp};

use crate::model::state::Tables;
use crate::model::tx::ModelTx;

impl Tables {
    fn valid_ticket(&self, hash: &KeyHash, expires: Span) -> Option<(i64, NewTicket)> {
        let found = self.tickets.iter().find(|(_, ticket)| ticket.hash == *hash);
        found.filter(|(_, ticket)| expires.contains(ticket.expires_at)).map(|(id, ticket)| (*id, *ticket))
    }
}

impl TicketRepository for ModelTx<'_> {
    fn insert(&mut self, ticket: &NewTicket) -> Result<(), StorageFault> {
        let tables = self.write()?;
        if tables.tickets.iter().any(|(_, other)| other.hash == ticket.hash) {
            return Err(self.fail("a ticket that there is already"));
        }
        let id = tables.ticket_ids.take();
        tables.tickets.put(id, *ticket);
        Ok(())
    }

    fn remove_oldest(&mut self, session: SessionId, keep: u32) -> Result<(), StorageFault> {
        let tables = self.write()?;
        let newest_first = tables.tickets.iter().rev().filter(|(_, ticket)| ticket.session == session);
        let keep = usize::try_from(keep).unwrap_or(usize::MAX);
        let surplus: Vec<_> = newest_first.skip(keep).map(|(id, _)| *id).collect();
        tables.tickets.remove_all(surplus);
        Ok(())
    }

    fn is_valid(&mut self, hash: &KeyHash, expires: Span) -> Result<bool, StorageFault> {
        Ok(self.read()?.valid_ticket(hash, expires).is_some())
    }

    fn redeem(&mut self, hash: &KeyHash, expires: Span) -> Result<Option<SessionId>, StorageFault> {
        let tables = self.write()?;
        let Some((id, ticket)) = tables.valid_ticket(hash, expires) else { return Ok(None) };
        tables.tickets.remove(&id);
        Ok(Some(ticket.session))
    }

    fn remove_others(&mut self, expires: Span, limit: i64) -> Result<usize, StorageFault> {
        let tables = self.write()?;
        let others = tables.tickets.iter().filter(|(_, ticket)| !expires.contains(ticket.expires_at));
        let mut others: Vec<_> = others.map(|(id, ticket)| (ticket.expires_at, *id)).collect();
        others.sort_unstable();
        others.truncate(usize::try_from(limit).unwrap_or(0));
        Ok(tables.tickets.remove_all(others.into_iter().map(|(_, id)| id)))
    }
}

impl KnownNetworkRepository for ModelTx<'_> {
    fn is_known_to(
        &mut self,
        user: UserId,
        network: Network,
        since: Timestamp,
    ) -> Result<bool, StorageFault> {
        let known = self.read()?.known_networks.get(&(user, network.to_string()));
        Ok(known.is_some_and(|at| *at >= since))
    }

    fn is_known(&mut self, network: Network, since: Timestamp) -> Result<bool, StorageFault> {
        let network = network.to_string();
        let mut all = self.read()?.known_networks.iter();
        Ok(all.any(|((_, known), at)| *known == network && *at >= since))
    }

    fn remember(
        &mut self,
        user: UserId,
        network: Network,
        at: Timestamp,
        keep: u32,
    ) -> Result<(), StorageFault> {
        let tables = self.write()?;
        if !tables.users.contains(&user) {
            return Err(self.fail("nobody has signed in from there"));
        }
        tables.known_networks.put((user, network.to_string()), at);
        let mut theirs: Vec<_> = tables
            .known_networks
            .iter()
            .filter(|((of, _), _)| *of == user)
            .map(|(key, at)| (*at, key.clone()))
            .collect();
        // The latest first, and by name those of the same moment.
        theirs.sort_by(|(one, (_, first)), (other, (_, second))| {
            other.cmp(one).then_with(|| first.cmp(second))
        });
        let keep = usize::try_from(keep).unwrap_or(usize::MAX);
        tables.known_networks.remove_all(theirs.into_iter().skip(keep).map(|(_, key)| key));
        Ok(())
    }

    fn forget(&mut self, user: UserId) -> Result<(), StorageFault> {
        let tables = self.write()?;
        let theirs = tables.known_networks.iter().filter(|((of, _), _)| *of == user);
        let theirs: Vec<_> = theirs.map(|(key, _)| key.clone()).collect();
        tables.known_networks.remove_all(theirs);
        Ok(())
    }

    fn remove_old(&mut self, before: Timestamp, limit: i64) -> Result<usize, StorageFault> {
        let tables = self.write()?;
        let old = tables.known_networks.iter().filter(|(_, at)| **at < before);
        let mut old: Vec<_> = old.map(|(key, at)| (*at, key.clone())).collect();
        old.sort();
        // All that are as old as the last of so many go with it.
        let last = usize::try_from(limit).ok().and_then(|limit| old.iter().take(limit).next_back());
        let Some((last, _)) = last.cloned() else { return Ok(0) };
        old.retain(|(at, _)| *at <= last);
        Ok(tables.known_networks.remove_all(old.into_iter().map(|(_, key)| key)))
    }
}
