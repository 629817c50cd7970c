//! Lists in the order of names, while names change: every page uses the names as they were at the first.

use groupchat_domain::paging::{Limit, NameCursor, NamePosition};
use groupchat_domain::text::TextBytes;

use crate::model::state::{Named, Rename, Tables};

/// So many renames are kept, the latest.
const KEPT: i64 = 10_000;

/// An entry with the key that it has now.
pub(super) struct ListedName<T> {
    pub(super) of: Named,
    pub(super) key: String,
    pub(super) entry: T,
}

impl Named {
    const fn id(self) -> i64 {
        match self {
            Self::User(id) => id.get(),
            Self::Group(id) => id.get(),
        }
    }
}

impl Tables {
    /// Remembers the key that an entry was listed by until now.
    pub(super) fn note_rename(&mut self, of: Named, old_key: String) {
        let number = self.rename_ids.take();
        self.renames.put(number, Rename { of, old_key });
        self.renames.remove(&(number - KEPT));
    }

    /// Forgets what something that is deleted was called.
    pub(super) fn forget_names(&mut self, of: Named) {
        let of_it = self.renames.iter().filter(|(_, rename)| rename.of == of);
        let numbers: Vec<_> = of_it.map(|(number, _)| *number).collect();
        self.renames.remove_all(numbers);
    }

    /// The key that an entry had after so many renames, which is what the first one since says.
    fn key_at(&self, of: Named, renames: i64) -> Option<&str> {
        let mut later = self.renames.range(renames + 1..).map(|(_, rename)| rename);
        later.find(|rename| rename.of == of).map(|rename| rename.old_key.as_str())
    }
}

/// A page of entries in the order of their names, and one row more.
pub(super) fn list<T: TextBytes>(
    tables: &Tables,
    found: impl Iterator<Item = ListedName<T>>,
    after: Option<&NameCursor>,
    limit: Limit,
) -> Vec<NamePosition<T>> {
    let renames = after.map_or_else(|| tables.rename_ids.last(), |after| after.renames);
    let place = |ListedName { of, key, entry }| {
        let name_key = tables.key_at(of, renames).map_or(key, str::to_owned);
        NamePosition { entry, position: NameCursor { name_key, id: of.id(), renames } }
    };
    let order = |position: &NameCursor| (position.name_key.clone(), position.id);
    let mut placed: Vec<_> = found.map(place).collect();
    placed.sort_by_cached_key(|placed| order(&placed.position));
    placed.retain(|placed| after.is_none_or(|after| order(&placed.position) > order(after)));
    limit.read(placed.into_iter().map(Ok)).unwrap_or_else(|never: std::convert::Infallible| match never {})
}
