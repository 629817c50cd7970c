//! Pages of lists.

use crate::text::TextBytes;
use crate::validation::{Violation, ViolationCode};

/// The limits of a page: 1 to 200 items, by default 50, and [`MAX_BYTES`](Self::MAX_BYTES) of text. If there are items,
/// a page has at least one, however long it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    items: u16,
    bytes: usize,
}

impl Limit {
    /// The maximum number of items.
    pub const MAX: u16 = 200;
    /// The maximum bytes of text.
    pub const MAX_BYTES: usize = 1 << 20;
    /// The default number of items.
    pub const DEFAULT: Self = Self { items: 50, bytes: Self::MAX_BYTES };

    /// A single item.
    pub const ONE: Self = Self { items: 1, bytes: Self::MAX_BYTES };

    /// Checks a requested limit.
    ///
    /// # Errors
    /// [`ViolationCode::OutOfRange`] outside 1 to 200: it is never silently clamped.
    pub fn parse(value: i64) -> Result<Self, Violation> {
        match u16::try_from(value) {
            Ok(items @ 1..=Self::MAX) => Ok(Self { items, bytes: Self::MAX_BYTES }),
            _ => Err(Violation::new(
                ViolationCode::OutOfRange,
                format!("must be 1 to {}, is {value}", Self::MAX),
            )),
        }
    }

    /// The same limit of items, and at most so many bytes of text.
    #[must_use]
    pub fn within(self, bytes: usize) -> Self {
        Self { bytes: self.bytes.min(bytes), ..self }
    }

    /// The limit as a count of rows.
    pub const fn get(self) -> i64 {
        self.items as i64
    }

    /// Half of the limit, rounded down; `None` where no item is left of it.
    pub fn half(self) -> Option<Self> {
        (self.items > 1).then_some(Self { items: self.items / 2, bytes: self.bytes / 2 })
    }

    /// What these items leave of the limit, but at least one item.
    #[must_use]
    pub fn after<T: TextBytes>(self, taken: &[T]) -> Self {
        let items = u16::try_from(taken.len()).unwrap_or(Self::MAX);
        let bytes: usize = taken.iter().map(T::text_bytes).sum();
        Self { items: self.items.saturating_sub(items).max(1), bytes: self.bytes.saturating_sub(bytes) }
    }

    /// One row more than the page has, to find out whether there is a next page.
    pub const fn with_lookahead(self) -> i64 {
        self.get() + 1
    }

    /// Reads rows up to the first that the page doesn't take: what is left of them is not even loaded, where they
    /// come one by one. For [`Page::from_lookahead`].
    ///
    /// # Errors
    /// That of the first row that can't be read.
    pub fn read<T: TextBytes, E>(self, rows: impl IntoIterator<Item = Result<T, E>>) -> Result<Vec<T>, E> {
        // Room for a page of the usual size at once, so that it isn't moved each time that it outgrows its room.
        let mut read = Vec::with_capacity(usize::from(self.items.min(Self::DEFAULT.items)) + 1);
        let mut room = TextBudget::of(self);
        for row in rows {
            let row = row?;
            let fits = room.take(&row);
            read.push(row);
            if !fits {
                break;
            }
        }
        Ok(read)
    }

    /// Whether a page takes less than all of these.
    pub fn is_exceeded_by<'a, T: TextBytes + 'a>(self, rows: impl IntoIterator<Item = &'a T>) -> bool {
        let mut room = TextBudget::of(self);
        rows.into_iter().any(|row| !room.take(row))
    }
}

/// What is left of a limit while a page fills.
struct TextBudget {
    left: Limit,
    is_empty: bool,
}

impl TextBudget {
    const fn of(limit: Limit) -> Self {
        Self { left: limit, is_empty: true }
    }

    /// Takes room for an item; `false` where there is not enough. The first item always fits.
    fn take(&mut self, item: &impl TextBytes) -> bool {
        let bytes = item.text_bytes();
        let fits = self.left.items > 0 && (self.is_empty || bytes <= self.left.bytes);
        if fits {
            self.left.items -= 1;
            self.left.bytes = self.left.bytes.saturating_sub(bytes);
            self.is_empty = false;
        }
        fits
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// Whether the list continues after the last item.
    pub more: bool,
}

impl<T: TextBytes> Page<T> {
    /// Makes a page of what the limit takes of rows that were read by [`Limit::read`], or with
    /// [`Limit::with_lookahead`].
    pub fn from_lookahead(mut rows: Vec<T>, limit: Limit) -> Self {
        let mut room = TextBudget::of(limit);
        let size = rows.iter().take_while(|row| room.take(*row)).count();
        let more = rows.len() > size;
        rows.truncate(size);
        Self { items: rows, more }
    }
}

impl<T: TextBytes> TextBytes for Page<T> {
    fn text_bytes(&self) -> usize {
        self.items.iter().map(T::text_bytes).sum()
    }
}

/// The position in a list that is ordered by folded name, then by id: the list continues after this entry.
///
/// Names can change between pages. An entry keeps its position meanwhile: all pages use the names as they were when the
/// first page was read, so an entry that exists the whole time is returned exactly once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameCursor {
    /// The folded name of the last entry seen, as it was when the first page was read.
    pub name_key: String,
    /// Its id, which decides between equal names.
    pub id: i64,
    /// How many renames the server had counted when the first page was read.
    pub renames: i64,
}

/// An entry of a list in the order of names, and its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePosition<T> {
    /// The entry, as it is now.
    pub entry: T,
    /// The position after it.
    pub position: NameCursor,
}

impl<T: TextBytes> TextBytes for NamePosition<T> {
    fn text_bytes(&self) -> usize {
        self.entry.text_bytes()
    }
}

#[cfg(test)]
mod tests;
