//! Pages of lists.

use crate::validation::{Violation, ViolationCode};

/// How many items a page may have: 1 to 200, 50 where the caller doesn't say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u16);

impl Limit {
    /// The most items a page may have.
    pub const MAX: u16 = 200;
    /// The items of a page where the caller doesn't say.
    pub const DEFAULT: Self = Self(50);

    /// Checks a limit that a caller asks for.
    ///
    /// # Errors
    /// [`ViolationCode::OutOfRange`] outside 1 to 200: it is never silently clamped.
    pub fn parse(value: i64) -> Result<Self, Violation> {
        match u16::try_from(value) {
            Ok(limit @ 1..=Self::MAX) => Ok(Self(limit)),
            _ => Err(Violation::new(
                ViolationCode::OutOfRange,
                format!("must be 1 to {}, is {value}", Self::MAX),
            )),
        }
    }

    /// The limit as a count of rows.
    pub const fn get(self) -> i64 {
        self.0 as i64
    }

    /// Half of the limit, rounded down; `None` where nothing is left of it.
    pub fn half(self) -> Option<Self> {
        (self.0 > 1).then_some(Self(self.0 / 2))
    }

    /// What is left of the limit after `taken` items, but at least 1.
    #[must_use]
    pub fn less(self, taken: usize) -> Self {
        let taken = u16::try_from(taken).unwrap_or(Self::MAX);
        Self(self.0.saturating_sub(taken).max(1))
    }

    /// One row more than the page takes, to learn whether there is a next one.
    pub const fn with_lookahead(self) -> i64 {
        self.get() + 1
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// Whether the list goes on after the last item.
    pub more: bool,
}

impl<T> Page<T> {
    /// Makes a page of up to `limit` items out of rows read with [`Limit::with_lookahead`].
    pub fn from_lookahead(mut rows: Vec<T>, limit: Limit) -> Self {
        let size = usize::from(limit.0);
        let more = rows.len() > size;
        rows.truncate(size);
        Self { items: rows, more }
    }
}

/// Where a list that is ordered by a folded name, then by id, goes on: after this entry.
///
/// Names change while somebody reads page after page. An entry keeps its place meanwhile: all pages follow the names
/// as they were when the first page was read, so that an entry that is there all the time comes once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameCursor {
    /// The folded name of the last entry seen, as it was when the first page was read.
    pub name_key: String,
    /// Its id, which decides between equal names.
    pub id: i64,
    /// How many names the server had changed, ever, when the first page was read.
    pub renames: i64,
}

/// An entry of a list in the order of names, and its place there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    /// The entry, as it is now.
    pub entry: T,
    /// Where the list goes on after it.
    pub place: NameCursor,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_outside_its_range_is_refused() {
        assert_eq!(Limit::parse(1).unwrap().get(), 1);
        assert_eq!(Limit::parse(200).unwrap().get(), 200);
        for bad in [0, -1, 201, i64::MAX] {
            assert_eq!(Limit::parse(bad).unwrap_err().code, ViolationCode::OutOfRange);
        }
    }

    #[test]
    fn a_page_knows_whether_there_is_more() {
        let limit = Limit::parse(2).unwrap();
        assert_eq!(Page::from_lookahead(vec![1, 2], limit), Page { items: vec![1, 2], more: false });
        assert_eq!(Page::from_lookahead(vec![1, 2, 3], limit), Page { items: vec![1, 2], more: true });
    }

    #[test]
    fn what_is_left_of_a_limit_is_at_least_one() {
        let limit = Limit::parse(5).unwrap();
        for (taken, left) in [(0, 5), (2, 3), (4, 1), (5, 1), (usize::MAX, 1)] {
            assert_eq!(limit.less(taken).get(), left, "{taken} of 5 taken");
        }
    }

    #[test]
    fn half_of_a_limit_is_rounded_down_and_none_of_one() {
        for (limit, half) in [(200, Some(100)), (5, Some(2)), (2, Some(1)), (1, None)] {
            assert_eq!(Limit::parse(limit).unwrap().half().map(Limit::get), half, "{limit}");
        }
        assert_eq!(Limit::DEFAULT.get(), 50);
    }

    #[test]
    fn one_row_more_is_read_than_the_page_takes() {
        assert_eq!(Limit::parse(200).unwrap().with_lookahead(), 201);
    }
}
