//! The event log.

use std::ops::Bound;

use groupchat_domain::events::{
    Audience, Event, EventRecord, EventRepository, LogState, LoggedEvent, Removed, Retained,
};
use groupchat_domain::ids::{EventId, GroupId, Position};
use groupchat_domain::storage::StorageFault;

use crate::model::tx::ModelTx;

impl EventRepository for ModelTx<'_> {
    fn head(&mut self) -> Result<Position, StorageFault> {
        self.read()?;
        Ok(self.state.head)
    }

    fn after(&mut self, position: Position, limit: i64) -> Result<Vec<EventRecord>, StorageFault> {
        let later = self.read()?.log.range((Bound::Excluded(position), Bound::Unbounded));
        Ok(later.map(|(_, record)| *record).take(usize::try_from(limit).unwrap_or(0)).collect())
    }

    fn unnumbered_ends(&mut self) -> Result<Vec<GroupId>, StorageFault> {
        self.read()?;
        let ended = |event: &LoggedEvent| match (&event.event, event.audience) {
            (Event::GroupDeleted(_), Audience::Group(group)) => Some(group),
            _ => None,
        };
        Ok(self.state.unnumbered.iter().filter_map(ended).collect())
    }

    fn state(&mut self) -> Result<LogState, StorageFault> {
        let oldest = self.read()?.log.first().map(|(position, _)| *position);
        let head = self.state.head;
        let removed = oldest.map_or(head, |oldest| Position::new(oldest.get() - 1));
        Ok(LogState { epoch: self.state.epoch.clone(), head, removed })
    }

    /// What is in memory needs no checksums.
    fn add_checksums(&mut self, after: EventId, limit: i64) -> Result<Option<EventId>, StorageFault> {
        let log = &self.write()?.log;
        let later = log.iter().map(|(_, record)| record.id).filter(|id| *id > after);
        Ok(later.take(usize::try_from(limit).unwrap_or(0)).last())
    }

    /// An event goes when it and all before it may go, by number or by age. One that seems to be of the future is as
    /// old as the next one that is not.
    fn remove_old(&mut self, retained: Retained, limit: i64) -> Result<Removed, StorageFault> {
        let newest = self.state.head;
        let spare = Position::new(newest.get().saturating_sub(retained.rows.max(1)));
        let mut removable = None;
        for (position, record) in self.write()?.log.iter() {
            if *position > spare && record.at > retained.latest {
                continue;
            }
            if *position > spare && record.at >= retained.since {
                break;
            }
            removable = Some(*position);
        }
        let Some(removable) = removable else { return Ok(Removed::default()) };
        let log = &mut self.write()?.log;
        let old = log.range(..newest).take_while(|(at, _)| **at <= removable);
        let old: Vec<_> =
            old.take(usize::try_from(limit).unwrap_or(0)).map(|(at, record)| (*at, *record)).collect();
        let ended = old.iter().filter_map(|(_, record)| record.ended_group()).collect();
        Ok(Removed { count: log.remove_all(old.into_iter().map(|(at, _)| at)), ended })
    }
}
