//! Reading the events since a cursor.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::cursor::LogState;
use crate::events::load::load;
use crate::events::model::LoggedEvent;
use crate::events::record::EventRecord;
use crate::events::viewer::Viewer;
use crate::ids::{GroupId, Position};
use crate::storage::Tx;
use crate::text::TextBytes;

/// How many events of the log one command reads. Each may have to be loaded with its subject.
pub(super) const PAGE: i64 = 200;

/// The maximum text of a page in bytes, because a slow client keeps it in memory. A page with a single event may exceed
/// it.
const MAX_TEXT_BYTES: usize = 256 << 10;

/// How many events are loaded at a time.
const LOAD_BATCH: usize = 32;

/// A page of the log, as far as the viewer may see it.
#[derive(Debug, Clone)]
pub struct ReplayPage {
    /// The events that the viewer may see, in order.
    pub events: Vec<LoggedEvent>,
    /// Everything up to this position was read.
    pub position: Position,
    /// Whether the log continues.
    pub more: bool,
    /// Whether events are missing at the beginning, because they were removed meanwhile. A client then has to reload,
    /// as after an invalid cursor.
    pub gap: bool,
    /// The viewer, with the memberships at the time of reading.
    pub viewer: Viewer,
}

/// The current state of the log.
///
/// # Errors
/// A fault.
pub fn log_state(tx: &mut dyn Tx) -> Result<LogState, Error> {
    Ok(tx.events().state()?)
}

/// The events after a position that the actor may see, given the actor's *current* groups.
///
/// # Errors
/// A fault.
pub fn replay(tx: &mut dyn Tx, actor: &Actor, after: Position) -> Result<ReplayPage, Error> {
    let records = tx.events().after(after, PAGE)?;
    let more = i64::try_from(records.len()).unwrap_or(PAGE) >= PAGE;
    let viewer = viewer_at(tx, actor, &records, more)?;
    let gap = records.first().is_some_and(|record| record.position > after.next());
    let end = records.last().map_or(after, |record| record.position);
    let visible = records.into_iter().filter(|record| viewer.may_see_record(record)).collect();
    let Fitting { events, all } = load_fitting(tx, &viewer, visible)?;
    let position = if all { end } else { events.last().map_or(after, |event| event.position) };
    Ok(ReplayPage { events, position, more: more || !all, gap, viewer })
}

/// Events that fit into a page.
struct Fitting {
    events: Vec<LoggedEvent>,
    /// Whether no event was left out.
    all: bool,
}

/// Loads events until their text exceeds the limit of a page, but at least one. Loads few at a time, so that long texts
/// are not loaded in vain.
fn load_fitting(tx: &mut dyn Tx, viewer: &Viewer, records: Vec<EventRecord>) -> Result<Fitting, Error> {
    let (mut events, mut text) = (Vec::<LoggedEvent>::new(), 0);
    for some in records.chunks(LOAD_BATCH) {
        for event in load(tx, some.to_vec())?.into_iter().filter(|event| viewer.may_see(event)) {
            text += event.event.text_bytes();
            if text > MAX_TEXT_BYTES && !events.is_empty() {
                return Ok(Fitting { events, all: false });
            }
            events.push(event);
        }
    }
    Ok(Fitting { events, all: true })
}

/// The actor as a viewer of these records, after which the log may go on.
pub(crate) fn viewer_at(
    tx: &mut dyn Tx,
    actor: &Actor,
    records: &[EventRecord],
    more: bool,
) -> Result<Viewer, Error> {
    let ends = ends(tx, records, more)?;
    viewer(tx, actor, &ends)
}

/// The private groups whose end a viewer of this page may have to be told of: those that the page names and, once the
/// log has been read, those whose deletions are about to follow.
fn ends(tx: &mut dyn Tx, records: &[EventRecord], more: bool) -> Result<Vec<GroupId>, Error> {
    let mut ends: Vec<_> = records.iter().filter_map(EventRecord::ended_group).collect();
    if !more {
        ends.extend(tx.events().unnumbered_ends()?);
    }
    Ok(ends)
}

/// The actor as a viewer: current memberships, those in groups that have ended, and the presence setting.
fn viewer(tx: &mut dyn Tx, actor: &Actor, ends: &[GroupId]) -> Result<Viewer, Error> {
    let mut memberships = tx.members().joined_groups(actor.id())?;
    if !ends.is_empty() {
        memberships.extend(tx.members().ended_groups(actor.id(), ends)?);
    }
    let viewer = Viewer::new(actor.id(), actor.session, memberships).only_in(actor.token_groups());
    Ok(match tx.accounts().find(actor.id())? {
        Some(user) => viewer.with_presence(user.presence).at_version(user.version),
        None => viewer,
    })
}

#[cfg(test)]
mod tests;
