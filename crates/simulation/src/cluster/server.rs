//! What servers do: run commands, number events, broadcast them, and die.

use std::sync::Arc;

use groupchat_domain::events::{Event, LogState, RemovedGroup, SharedEvent, load_after};
use groupchat_domain::storage::{Mode, StorageFault};

use crate::cluster::Cluster;
use crate::cluster::action::Fate;
use crate::cluster::hub::ServerHub;
use crate::cluster::mutation::Mutation;
use crate::cluster::storage::{Pending, ServerStorage};
use crate::cluster::witness::Verdict;

/// A server.
pub(super) struct Server {
    pub(super) storage: Arc<ServerStorage>,
    pub(super) hub: ServerHub,
}

impl Cluster {
    /// A server takes a command from its queue; whether one waited.
    pub(super) fn execute(&mut self, server: usize, nth: usize, fate: Fate) -> Result<bool, String> {
        if self.servers[server].storage.waiting() == 0 {
            return Ok(false);
        }
        let Some(pending) = self.servers[server].storage.take(nth) else { return Ok(true) };
        let Pending { access, ref work, .. } = pending;
        let is_write = access.mode == Mode::Write;
        let outcome = match fate {
            Fate::Unavailable => Err(StorageFault::Unavailable { reason: "simulated".to_owned() }),
            Fate::UndoneUnknown if is_write => {
                self.database.run_in_vain(access.mode, self.now, work);
                let is_acknowledged = self.mutation == Mutation::AcknowledgesLostCommit;
                if is_acknowledged { Ok(()) } else { Err(StorageFault::OutcomeUnknown) }
            }
            Fate::CommitLost if is_write => self.run(&pending).and(Ok(Err(StorageFault::OutcomeUnknown)))?,
            Fate::RunsAgain => {
                self.database.run_in_vain(access.mode, self.now, work);
                self.run_another(server)?;
                self.run(&pending)?
            }
            Fate::Runs | Fate::CommitLost | Fate::UndoneUnknown => self.run(&pending)?,
        };
        self.stats.unknown += usize::from(outcome == Err(StorageFault::OutcomeUnknown));
        pending.settle(outcome, self.witness.last());
        self.abandoned.retain_mut(|request| !request.is_done());
        Ok(true)
    }

    /// Runs another command that writes, if one waits anywhere: what was run in vain had a conflict with it.
    fn run_another(&mut self, server: usize) -> Verdict {
        let mut servers = self.servers.iter().cycle().skip(server + 1).take(self.servers.len());
        let Some(other) = servers.find_map(|server| server.storage.take_write()) else { return Ok(()) };
        let outcome = self.run(&other)?;
        other.settle(outcome, self.witness.last());
        self.stats.reruns += 1;
        Ok(())
    }

    /// Runs a command and commits it.
    fn run(&mut self, pending: &Pending) -> Result<Result<(), StorageFault>, String> {
        let executed = self.database.execute_unnumbered(pending.access.mode, self.now, &pending.work);
        if let Err(fault @ (StorageFault::Internal { .. } | StorageFault::Panicked)) = &executed.outcome {
            return Err(format!("a command failed: {fault}"));
        }
        self.witness.commit(&executed.events, &self.database)?;
        self.database.inspect(self.now, |tx| self.witness.judge_stored(&executed.events, tx))?;
        for logged in &executed.events {
            match &logged.event {
                Event::GroupDeleted(RemovedGroup { id, .. }) => self.known.forget_group(*id),
                Event::UserDeleted(user) => self.known.forget_user(*user),
                _ => {}
            }
        }
        Ok(executed.outcome)
    }

    /// Gives events their positions; whether there were any.
    pub(super) fn number(&mut self, count: usize) -> bool {
        let events = self.database.number(count);
        let has_any = !events.is_empty();
        self.published.extend(events.into_iter().map(|event| Arc::new(SharedEvent::new(event))));
        has_any
    }

    fn log(&self) -> LogState {
        let state = self.database.inspect(self.now, |tx| tx.events().state());
        state.unwrap_or_else(|fault| unreachable!("{fault}"))
    }

    /// A hub broadcasts what follows; whether there was anything.
    pub(super) fn broadcast(&self, server: usize, count: usize, from_log: bool) -> bool {
        let (hub, log) = (&self.servers[server].hub, self.log());
        let position = hub.position();
        if !hub.follows(&log.epoch) {
            hub.begin_anew(log);
            return true;
        }
        let next = usize::try_from(position.get()).unwrap_or(usize::MAX);
        if !from_log {
            let events = self.published.iter().skip(next).take(count);
            return events.map(|event| hub.broadcast(event)).count() > 0;
        }
        let limit = i64::try_from(count).unwrap_or(i64::MAX);
        let events =
            self.database.inspect(self.now, |tx| load_after(tx, position, limit)).unwrap_or_default();
        if events.first().is_some_and(|first| first.position > position.next()) {
            // Removed from the log before the hub has read them.
            hub.begin_anew(log);
            return true;
        }
        events.into_iter().map(|event| hub.broadcast(&Arc::new(SharedEvent::new(event)))).count() > 0
    }

    /// A server is killed, and starts again.
    pub(super) fn restart(&mut self, server: usize) {
        self.stats.restarts += 1;
        self.servers[server].storage.crash();
        self.abandoned.retain(|request| request.server != server);
        self.servers[server].hub = ServerHub::new(self.log(), self.mutation);
        for client in &mut self.clients {
            client.lose(server);
        }
    }
}
