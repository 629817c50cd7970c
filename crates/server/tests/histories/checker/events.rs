//! Events: each client got every event that it may see between its cursors, once, in the order of the log.

use std::collections::HashMap;

use super::{Facts, Violation};
use crate::history::{Arrival, Call, Content, Entry, Message, Visit};

/// A client that listens, as far as its visits were followed.
struct Listener<'f> {
    facts: &'f Facts<'f>,
    /// The version that each event leaves its message in.
    versions: &'f HashMap<i64, i64>,
    client: usize,
    groups: &'f [i64],
    /// The position in its newest cursor.
    cursor: Option<i64>,
    violations: Vec<Violation>,
}

/// Follows each client's cursor through its visits and the log.
pub(super) fn check_visits(facts: &Facts<'_>) -> Vec<Violation> {
    let versions = versions_after(facts);
    let listeners = facts.history.setup.listeners.iter();
    let violations = listeners.flat_map(|(&client, groups)| {
        let mut visits: Vec<_> = facts.history.visits.iter().filter(|visit| visit.client == client).collect();
        visits.sort_by_key(|visit| visit.invoked);
        let (cursor, violations) = (None, Vec::new());
        let mut listener = Listener { facts, versions: &versions, client, groups, cursor, violations };
        visits.into_iter().for_each(|visit| listener.follow(visit));
        listener.end()
    });
    violations.collect()
}

/// The version of its message after each event, by position: the first is 1, and each event adds 1.
fn versions_after(facts: &Facts<'_>) -> HashMap<i64, i64> {
    let mut versions: HashMap<i64, i64> = HashMap::new();
    let log = facts.view.log.iter();
    let after = log.map(|entry| {
        let version = versions.entry(entry.message).or_insert(0);
        *version += 1;
        (entry.position, *version)
    });
    after.collect()
}

impl Listener<'_> {
    fn follow(&mut self, visit: &Visit) {
        let client = self.client;
        if visit.cursor != self.cursor {
            let (last, used) = (self.cursor, visit.cursor);
            self.violations.push(Violation::WrongCursor { client, last, used });
        }
        for arrival in &visit.arrivals {
            match &arrival.content {
                Content::Event(event_type, message) => self.take(arrival.position, event_type, message),
                Content::Cursor => self.move_to(arrival.position),
                Content::Gap => self.jump(arrival),
            }
        }
    }

    fn take(&mut self, position: i64, event_type: &str, message: &Message) {
        let client = self.client;
        match self.cursor {
            None => self.violations.push(Violation::CursorBack { client, before: None, position }),
            Some(before) if position <= before => {
                self.violations.push(Violation::Repeated { client, position });
                return;
            }
            Some(before) => self.skip(before, position - 1),
        }
        self.cursor = Some(position);
        let log = &self.facts.view.log;
        let entry = log.binary_search_by_key(&position, |entry| entry.position).map(|nth| &log[nth]);
        let is_it = |entry: &&Entry| {
            (entry.event_type.as_str(), entry.group, entry.message) == (event_type, message.group, message.id)
        };
        match entry.ok().filter(is_it) {
            None => self.violations.push(Violation::Untrue { client, position }),
            Some(entry) if !self.groups.contains(&entry.group) => {
                self.violations.push(Violation::Forbidden { client, position });
            }
            Some(_) => {}
        }
        let (version, shown) = (self.versions.get(&position).copied().unwrap_or(0), message.version);
        if shown < version {
            self.violations.push(Violation::StaleEvent { client, position, version, shown });
        }
    }

    /// Moves the cursor without an event.
    fn move_to(&mut self, position: i64) {
        match self.cursor {
            Some(before) if position < before => {
                let (client, before) = (self.client, Some(before));
                self.violations.push(Violation::CursorBack { client, before, position });
                return;
            }
            Some(before) => self.skip(before, position),
            None => {}
        }
        self.cursor = Some(position);
    }

    /// Reports the events that the client may see from after one position to another.
    fn skip(&mut self, before: i64, last: i64) {
        let log = &self.facts.view.log;
        let first = log.partition_point(|entry| entry.position <= before);
        let between = log[first..].iter().take_while(|entry| entry.position <= last);
        let missed = between.filter(|entry| self.groups.contains(&entry.group));
        let client = self.client;
        self.violations.extend(missed.map(|entry| Violation::Skipped { client, entry: entry.clone() }));
    }

    /// Follows a gap, after which the client has to read its groups anew.
    fn jump(&mut self, arrival: &Arrival) {
        let (client, position) = (self.client, arrival.position);
        if self.cursor.is_some_and(|cursor| cursor >= self.facts.history.setup.start) {
            self.violations.push(Violation::FalseGap { client, position });
        }
        self.cursor = Some(position);
        for &group in self.groups {
            let has_reloaded = self.facts.history.operations.iter().any(|operation| {
                let is_page = matches!(operation.call, Call::Page { group: of, .. } if of == group);
                let is_own = operation.client == client && operation.invoked > arrival.at;
                is_page && is_own && operation.outcome.is_ok()
            });
            if !has_reloaded {
                self.violations.push(Violation::NotReloaded { client, position, group });
            }
        }
    }

    fn end(mut self) -> Vec<Violation> {
        let end = self.facts.view.log.last().map_or(self.facts.history.setup.start, |entry| entry.position);
        if self.cursor.is_none_or(|cursor| cursor < end) {
            let (client, position) = (self.client, self.cursor);
            self.violations.push(Violation::NotCaughtUp { client, position, end });
        }
        self.violations
    }
}
