//! Messages in the order by time.
//!
//! Numbers follow the order in which messages came in, and so do the times of all but late ones: messages that were
//! imported, or sent while a clock was behind. So there is no index of times, which every send would have to write:
//! for a late message, the column `ordered_at` has the latest time of the messages before it. With that in place of its
//! own time, times never go down as numbers go up, so a time can be searched for. Only late messages are in an index.
//! Of the messages from one latest time on, the late ones are the last: see [`Level`].

use diesel::dsl::auto_type;
use diesel::prelude::*;
use groupchat_domain::ids::UserId;
use groupchat_domain::messages::{MessageView, TimeQuery};
use groupchat_domain::storage::StorageFault;

use crate::connection::{on_backend, read_page};
use crate::messages::authored::Authored;
use crate::messages::repository::{MessageViewRow, stored_root_seq, stored_span, viewed};
use crate::schema::messages;
use crate::sql::among;
use crate::tx::DbTx;

/// A place in the order by time: a time, and a number.
type Place = (i64, i64);

/// The latest time of the messages up to one, and whether that one is late.
type Level = (i64, bool);

/// What is read of a message to find its place.
#[derive(Debug, Clone, Copy, Queryable)]
struct Placed {
    seq: i64,
    created_at: i64,
    ordered_at: Option<i64>,
}

/// The columns of `Placed`.
const PLACED: (messages::seq, messages::created_at, messages::ordered_at) =
    (messages::seq, messages::created_at, messages::ordered_at);

impl Placed {
    const fn place(self) -> Place {
        (self.created_at, self.seq)
    }

    /// The latest time of the messages up to this one, and whether it is late: never goes down as numbers go up.
    const fn level(self) -> Level {
        match self.ordered_at {
            Some(at) => (at, true),
            None => (self.created_at, false),
        }
    }
}

/// A query as the statements need it.
struct Wanted {
    group: i64,
    root_seq: i64,
    author: Option<i64>,
    after: Place,
    before: Place,
    is_ascending: bool,
    above: i64,
    /// Which messages are about to be removed.
    hidden: (i64, i64),
    rows: i64,
}

impl Wanted {
    fn of(query: &TimeQuery) -> Self {
        Self {
            group: query.group.get(),
            root_seq: stored_root_seq(query.thread),
            author: query.author.map(UserId::get),
            after: (query.after.at.as_micros(), query.after.seq.get()),
            before: (query.before.at.as_micros(), query.before.seq.get()),
            is_ascending: query.ascending,
            above: query.above.get(),
            hidden: stored_span(query.hidden),
            rows: query.limit.with_lookahead(),
        }
    }

    fn contains(&self, placed: Placed) -> bool {
        self.after < placed.place() && placed.place() < self.before
    }

    /// As many as are wanted, in their order.
    fn first(&self, mut places: Vec<Place>) -> Vec<Place> {
        places.sort_unstable();
        if !self.is_ascending {
            places.reverse();
        }
        places.truncate(usize::try_from(self.rows).unwrap_or(usize::MAX));
        places
    }
}

/// The messages of a group itself, or the replies to one root of it.
#[auto_type]
fn in_same_sequence(group: i64, root_seq: i64) -> _ {
    messages::table.filter(messages::group_id.eq(group)).filter(messages::root_seq.eq(root_seq))
}

/// How often to guess where a time is among the numbers.
const GUESSES: u32 = 2;

/// How far from a guess to look first.
const FIRST_STRIDE: i64 = 32;

/// A search for the number at which a level begins: in `low..=high`.
#[derive(Debug)]
struct Search {
    level: Level,
    low: i64,
    high: i64,
    /// The times at these ends.
    earliest: i64,
    latest: i64,
}

impl Search {
    const fn is_over(&self) -> bool {
        self.low >= self.high
    }

    /// Where the time would be if messages had come evenly.
    fn guess(&self) -> i64 {
        let (span, part) = (self.latest.abs_diff(self.earliest), self.level.0.saturating_sub(self.earliest));
        let numbers = self.high.abs_diff(self.low);
        let before = u128::from(part.max(0).unsigned_abs()) * u128::from(numbers) / u128::from(span.max(1));
        self.low.saturating_add(i64::try_from(before).unwrap_or(i64::MAX)).min(self.high)
    }

    /// Leaves out the side of this place on which the level doesn't begin, where this is the first message from it on.
    /// Returns whether that is below the level.
    fn narrow(&mut self, place: i64, next: Option<Placed>) -> bool {
        match next {
            Some(next) if next.level() < self.level => {
                (self.low, self.earliest) = (next.seq + 1, next.level().0);
                true
            }
            next => {
                self.high = place;
                self.latest = next.map_or(self.latest, |next| next.level().0);
                false
            }
        }
    }
}

/// Adds the direction to a query of messages and reads them. A macro, because each direction is another type.
macro_rules! in_direction {
    ($tx:expr, $is_ascending:expr, $listed:expr, $($column:expr),+) => {
        if $is_ascending {
            let listed = $listed.order(($($column.asc(),)+)).select(PLACED);
            on_backend!($tx, |connection| listed.load::<Placed>(connection))
        } else {
            let listed = $listed.order(($($column.desc(),)+)).select(PLACED);
            on_backend!($tx, |connection| listed.load::<Placed>(connection))
        }
    };
}

impl DbTx<'_> {
    /// The messages between two places in the order by time.
    pub(super) fn messages_by_time(&mut self, query: &TimeQuery) -> Result<Vec<MessageView>, StorageFault> {
        let wanted = Wanted::of(query);
        let mut places = self.in_order(&wanted)?;
        places.extend(self.late(&wanted)?.into_iter().map(Placed::place));
        let seqs: Vec<i64> = wanted.first(places).into_iter().map(|(_, seq)| seq).collect();
        if seqs.is_empty() {
            return Ok(Vec::new());
        }
        let found = viewed(query.group.get(), query.viewer.get())
            .filter(messages::root_seq.eq(wanted.root_seq))
            .filter(among(messages::seq, seqs.iter().copied()));
        let mut views: Vec<MessageView> = on_backend!(self, |connection| {
            read_page::<_, _, MessageViewRow, _>(
                connection,
                found.select(MessageViewRow::as_select()),
                query.limit,
            )
        })?;
        views.sort_by_key(|view| (view.message.created_at, view.message.seq));
        if !wanted.is_ascending {
            views.reverse();
        }
        self.add_own_reactions(query.viewer, &mut views)?;
        Ok(views)
    }

    /// The first places of messages that are not late.
    fn in_order(&mut self, wanted: &Wanted) -> Result<Vec<Place>, StorageFault> {
        let (mut low, mut high) = self.numbers_between(wanted)?;
        let mut places = Vec::new();
        while low < high {
            let (candidates, last) = self.candidates(wanted, (low, high))?;
            let in_order = candidates.iter().filter(|placed| placed.ordered_at.is_none());
            places.extend(in_order.filter(|placed| wanted.contains(**placed)).map(|placed| placed.place()));
            let Some(last) = last.filter(|_| places.len() < wanted.rows as usize) else { break };
            // Past all late messages that follow each other: there can be any number of them.
            let late = candidates.last().filter(|placed| placed.seq == last && placed.ordered_at.is_some());
            match (late.map(|late| late.level().0), wanted.is_ascending) {
                (None, true) => low = last + 1,
                (None, false) => high = last,
                (Some(latest), true) => {
                    low = self.first_number_at(wanted, (latest + 1, false))?.max(last + 1);
                }
                (Some(latest), false) => high = self.first_number_at(wanted, (latest, true))?.min(last),
            }
        }
        Ok(places)
    }

    /// From which number on, and below which one, there are all messages between the two places that are not late.
    fn numbers_between(&mut self, wanted: &Wanted) -> Result<(i64, i64), StorageFault> {
        let low = match wanted.after.0 {
            i64::MIN => 0,
            at => self.first_number_at(wanted, (at, false))?,
        };
        let high = match wanted.before.0 {
            i64::MAX => i64::MAX,
            at => self.first_number_at(wanted, (at + 1, false))?,
        };
        Ok((low.max(wanted.above + 1), high))
    }

    /// The lowest number from which on messages are of this level or higher.
    fn first_number_at(&mut self, wanted: &Wanted, level: Level) -> Result<i64, StorageFault> {
        let Some(mut search) = self.begin_search(wanted, level)? else { return Ok(1) };
        // Messages come evenly enough that a guess is near. Where it isn't, halves are sure.
        for _ in 0..GUESSES {
            let (mut place, mut stride) = (search.guess(), FIRST_STRIDE);
            let was_before = !search.is_over() && self.probe(wanted, &mut search, place)?;
            while !search.is_over() {
                place = if was_before { place.saturating_add(stride) } else { place.saturating_sub(stride) };
                if self.probe(wanted, &mut search, place)? != was_before {
                    break;
                }
                stride *= 8;
            }
        }
        while !search.is_over() {
            let middle = search.low + (search.high - search.low) / 2;
            self.probe(wanted, &mut search, middle)?;
        }
        Ok(search.low)
    }

    fn begin_search(&mut self, wanted: &Wanted, level: Level) -> Result<Option<Search>, StorageFault> {
        let all = in_same_sequence(wanted.group, wanted.root_seq).select(PLACED);
        let (first, last) = (all.order(messages::seq.asc()), all.order(messages::seq.desc()));
        let first: Option<Placed> = on_backend!(self, |connection| first.first(connection).optional())?;
        let last: Option<Placed> = on_backend!(self, |connection| last.first(connection).optional())?;
        Ok(first.zip(last).map(|(first, last)| Search {
            level,
            low: first.seq,
            high: last.seq + 1,
            earliest: first.level().0,
            latest: last.level().0,
        }))
    }

    /// Looks at the message with this number or, where messages are gone, at the next one. Returns whether it is
    /// below the level.
    fn probe(&mut self, wanted: &Wanted, search: &mut Search, place: i64) -> Result<bool, StorageFault> {
        let place = place.clamp(search.low, search.high - 1);
        let next = in_same_sequence(wanted.group, wanted.root_seq)
            .filter(messages::seq.ge(place))
            .order(messages::seq.asc())
            .select(PLACED);
        let next: Option<Placed> = on_backend!(self, |connection| next.first(connection).optional())?;
        Ok(search.narrow(place, next))
    }

    /// The first messages with numbers from `low` on and below `high`, late or not, and the last number that was looked at,
    /// if there may be more behind it.
    fn candidates(
        &mut self,
        wanted: &Wanted,
        (low, high): (i64, i64),
    ) -> Result<(Vec<Placed>, Option<i64>), StorageFault> {
        let all = in_same_sequence(wanted.group, wanted.root_seq);
        let Some(author) = wanted.author else {
            let (from, to) = wanted.hidden;
            let between = all
                .filter(messages::seq.ge(low))
                .filter(messages::seq.lt(high))
                .filter(messages::seq.lt(from).or(messages::seq.gt(to)))
                .limit(wanted.rows);
            let found = in_direction!(self, wanted.is_ascending, between, messages::seq)?;
            let last = found.last().filter(|_| found.len() as i64 == wanted.rows).map(|last| last.seq);
            return Ok((found, last));
        };
        let of = Authored { group: wanted.group, author, root_seq: wanted.root_seq };
        let seqs = self.authored_seqs(of, (low, high), wanted.is_ascending, wanted.rows)?;
        let last = seqs.last().copied().filter(|_| seqs.len() as i64 == wanted.rows);
        let (from, to) = wanted.hidden;
        let shown = seqs.into_iter().filter(|seq| !(from..=to).contains(seq));
        let named = all.filter(among(messages::seq, shown));
        Ok((in_direction!(self, wanted.is_ascending, named, messages::seq)?, last))
    }

    /// The first late messages.
    fn late(&mut self, wanted: &Wanted) -> Result<Vec<Placed>, StorageFault> {
        let ((after, after_seq), (before, before_seq)) = (wanted.after, wanted.before);
        let (from, to) = wanted.hidden;
        let late = in_same_sequence(wanted.group, wanted.root_seq)
            .filter(messages::ordered_at.is_not_null())
            .filter(messages::created_at.ge(after))
            .filter(messages::created_at.gt(after).or(messages::seq.gt(after_seq)))
            .filter(messages::created_at.le(before))
            .filter(messages::created_at.lt(before).or(messages::seq.lt(before_seq)))
            .filter(messages::seq.gt(wanted.above))
            .filter(messages::seq.lt(from).or(messages::seq.gt(to)))
            .limit(wanted.rows);
        match wanted.author {
            Some(author) => {
                let authored = late.filter(messages::author_id.eq(author));
                in_direction!(self, wanted.is_ascending, authored, messages::created_at, messages::seq)
            }
            None => in_direction!(self, wanted.is_ascending, late, messages::created_at, messages::seq),
        }
    }
}
