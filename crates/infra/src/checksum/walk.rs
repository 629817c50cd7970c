//! Walking all rows of a table, also of one in which some can't be read.

use diesel::result::{Error, QueryResult};

use super::stored::Stored;
use crate::connection::Connection;

/// Rows that are read at once.
const PAGE: i64 = 500;

/// What a walk comes across, in the order of ids.
#[derive(Debug)]
pub(crate) enum Walked<T> {
    /// A row.
    Row(T),
    /// A row that is there and can't be read.
    Unreadable {
        /// The row's id.
        id: i64,
        /// What the database says.
        error: Error,
    },
    /// A part of the table that can't be read, and perhaps some of what is around it.
    Hole {
        /// The id of the last row before it.
        after: i64,
        /// What the database says.
        error: Error,
    },
}

/// Visits all rows of a table, page by page; what can't be read is passed over.
pub(crate) fn walk<T: Stored>(connection: &mut Connection<'_>, mut visit: impl FnMut(Walked<T>)) {
    let mut after = i64::MIN;
    loop {
        match T::page(connection, after, PAGE).and_then(|page| in_order(page, after)) {
            Ok(page) => {
                let Some(last) = page.last().map(T::id) else { return };
                after = last;
                page.into_iter().for_each(|row| visit(Walked::Row(row)));
            }
            Err(error) => match walk_singly(connection, after, error, &mut visit) {
                Some(last) => after = last,
                None => return,
            },
        }
    }
}

/// Visits a page's rows, one of which can't be read, one by one. Returns the id after which to go on.
fn walk_singly<T: Stored>(
    connection: &mut Connection<'_>,
    mut after: i64,
    error: Error,
    visit: &mut impl FnMut(Walked<T>),
) -> Option<i64> {
    let mut error = Some(error);
    for _ in 0..PAGE {
        match next_id::<T>(connection, after) {
            Ok(None) => return None,
            Ok(Some(id)) => {
                // Ids are not negative, and the smallest possible one has no predecessor.
                match T::page(connection, id.saturating_sub(1), 1).map(|mut rows| rows.pop()) {
                    Ok(Some(row)) if row.id() == id => visit(Walked::Row(row)),
                    Ok(_) => {}
                    Err(error) => visit(Walked::Unreadable { id, error }),
                }
                after = id;
            }
            Err(failed) => {
                visit(Walked::Hole { after, error: error.take().unwrap_or(failed) });
                return beyond(after, &mut |after| next_id::<T>(connection, after).is_ok());
            }
        }
    }
    Some(after)
}

/// Ids that are out of order, which only a damaged table has, would lead in circles.
fn out_of_order() -> Error {
    Error::DeserializationError("ids are out of order".into())
}

fn in_order<T: Stored>(page: Vec<T>, after: i64) -> QueryResult<Vec<T>> {
    let mut last = after;
    for row in &page {
        if row.id() <= last {
            return Err(out_of_order());
        }
        last = row.id();
    }
    Ok(page)
}

fn next_id<T: Stored>(connection: &mut Connection<'_>, after: i64) -> QueryResult<Option<i64>> {
    match T::next_id(connection, after)? {
        Some(id) if id <= after => Err(out_of_order()),
        next => Ok(next),
    }
}

/// The smallest id, as far as that can be told, after which the table can be read again.
fn beyond(hole: i64, is_readable: &mut dyn FnMut(i64) -> bool) -> Option<i64> {
    let (mut unreadable, mut step) = (hole, 1_i64);
    let mut readable = loop {
        let further = unreadable.checked_add(step)?;
        if is_readable(further) {
            break further;
        }
        (unreadable, step) = (further, step.saturating_mul(2));
    };
    while readable - unreadable > 1 {
        let middle = unreadable + (readable - unreadable) / 2;
        if is_readable(middle) {
            readable = middle;
        } else {
            unreadable = middle;
        }
    }
    Some(readable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_hole_is_found_wherever_it_is() {
        for end in [1_i64, 2, 3, 4, 100, 1 << 53] {
            let mut tries = 0;
            let found = beyond(0, &mut |after| {
                tries += 1;
                after >= end
            });
            assert_eq!(found, Some(end));
            assert!(tries < 130, "{tries}");
        }
        assert_eq!(beyond(5, &mut |_| false), None);
    }
}
