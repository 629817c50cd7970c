//! What users keep for themselves.

use groupchat_domain::ids::{GroupId, MessageId, UserId};
use groupchat_domain::messages::Excerpt;
use groupchat_domain::saved::{
    Bookmark, BookmarkPlace, BookmarkQuery, BookmarkRepository, Draft, DraftOutline, DraftPlace,
    DraftRepository, OwnBookmark,
};
use groupchat_domain::storage::StorageFault;

use crate::model::state::Tables;
use crate::model::tx::{ModelTx, each_once};

impl Tables {
    /// Removes the drafts in a group, of one user or of all, up to so many; how many.
    pub(super) fn remove_drafts(&mut self, group: GroupId, user: Option<UserId>, limit: usize) -> usize {
        let places = self.drafts.iter().map(|(place, _)| *place);
        let is_meant =
            |place: &DraftPlace| place.group == group && user.is_none_or(|user| place.user == user);
        let picked: Vec<_> = places.filter(is_meant).take(limit).collect();
        self.drafts.remove_all(picked)
    }

    /// Removes up to so many bookmarks on a message; how many.
    pub(super) fn remove_bookmarks(&mut self, message: MessageId, limit: usize) -> usize {
        let keys = self.bookmarks.iter().map(|(key, _)| *key);
        let picked: Vec<_> = keys.filter(|(_, of)| *of == message).take(limit).collect();
        self.bookmarks.remove_all(picked)
    }

    /// The bookmarks of a user, the newest first.
    fn bookmarks_of(&self, user: UserId) -> Vec<OwnBookmark> {
        let mut own: Vec<_> = self
            .bookmarks
            .iter()
            .filter(|((of, _), _)| *of == user)
            .filter_map(|(_, (bookmark, place))| self.own_bookmark(bookmark, *place))
            .collect();
        own.sort_by_key(|own| std::cmp::Reverse(own.place));
        own
    }

    fn own_bookmark(&self, bookmark: &Bookmark, place: BookmarkPlace) -> Option<OwnBookmark> {
        let message = self.messages.get(self.places.get(&bookmark.message)?)?;
        let (group, history_seq) = (message.group_id, message.history_seq());
        Some(OwnBookmark { bookmark: bookmark.clone(), place, group, history_seq })
    }
}

impl DraftRepository for ModelTx<'_> {
    fn outlines(&mut self, user: UserId) -> Result<Vec<DraftOutline>, StorageFault> {
        let drafts = self.read()?.drafts.iter().filter(|(place, _)| place.user == user);
        let outline = |(place, draft): (&DraftPlace, &Draft)| DraftOutline {
            place: *place,
            beginning: Excerpt::of(draft.text.as_str()),
            version: draft.version,
            updated_at: draft.updated_at,
        };
        Ok(drafts.map(outline).collect())
    }

    fn find(&mut self, place: &DraftPlace) -> Result<Option<Draft>, StorageFault> {
        Ok(self.read()?.drafts.get(place).cloned())
    }

    fn find_many(&mut self, places: &[DraftPlace]) -> Result<Vec<Draft>, StorageFault> {
        let tables = self.read()?;
        Ok(each_once(places).filter_map(|place| tables.drafts.get(&place).cloned()).collect())
    }

    fn count(&mut self, user: UserId) -> Result<i64, StorageFault> {
        let tables = self.read()?;
        Ok(tables.drafts.iter().filter(|(place, _)| place.user == user).map(|_| 1).sum())
    }

    fn put(&mut self, draft: &Draft) -> Result<(), StorageFault> {
        let tables = self.write()?;
        if !tables.groups.contains(&draft.place.group) || !tables.users.contains(&draft.place.user) {
            return Err(self.fail("a draft of nobody, or for no group"));
        }
        tables.drafts.put(draft.place, draft.clone());
        Ok(())
    }

    fn remove(&mut self, place: &DraftPlace) -> Result<bool, StorageFault> {
        Ok(self.write()?.drafts.remove(place).is_some())
    }
}

impl BookmarkRepository for ModelTx<'_> {
    fn find(&mut self, user: UserId, message: MessageId) -> Result<Option<OwnBookmark>, StorageFault> {
        let tables = self.read()?;
        let found = tables.bookmarks.get(&(user, message));
        Ok(found.and_then(|(bookmark, place)| tables.own_bookmark(bookmark, *place)))
    }

    fn find_many(&mut self, keys: &[(UserId, MessageId)]) -> Result<Vec<Bookmark>, StorageFault> {
        let tables = self.read()?;
        let found = each_once(keys).filter_map(|key| tables.bookmarks.get(&key));
        Ok(found.map(|(bookmark, _)| bookmark.clone()).collect())
    }

    fn count(&mut self, user: UserId, most: i64) -> Result<i64, StorageFault> {
        let tables = self.read()?;
        let all: i64 = tables.bookmarks.iter().filter(|((of, _), _)| *of == user).map(|_| 1).sum();
        Ok(all.min(most))
    }

    fn insert(&mut self, bookmark: &Bookmark) -> Result<(), StorageFault> {
        let tables = self.write()?;
        let key = (bookmark.user, bookmark.message);
        if !tables.places.contains(&bookmark.message) || tables.bookmarks.contains(&key) {
            return Err(self.fail("a bookmark on no message, or twice"));
        }
        let last = tables.bookmarks_of(bookmark.user).first().map_or(0, |own| own.place.get());
        tables.bookmarks.put(key, (bookmark.clone(), BookmarkPlace::new(last + 1)));
        Ok(())
    }

    fn note(&mut self, bookmark: &Bookmark) -> Result<(), StorageFault> {
        let noted = bookmark.note.clone();
        self.write()?.bookmarks.change(&(bookmark.user, bookmark.message), |row| row.0.note = noted);
        Ok(())
    }

    fn remove(&mut self, user: UserId, message: MessageId) -> Result<(), StorageFault> {
        self.write()?.bookmarks.remove(&(user, message));
        Ok(())
    }

    fn list(&mut self, query: &BookmarkQuery) -> Result<Vec<OwnBookmark>, StorageFault> {
        let own = self.read()?.bookmarks_of(query.user);
        let before = own.into_iter().filter(|own| query.before.is_none_or(|before| own.place < before));
        Ok(before.take(usize::try_from(query.limit).unwrap_or(0)).collect())
    }

    fn forget(&mut self, user: UserId, limit: i64) -> Result<bool, StorageFault> {
        let (tables, limit) = (self.write()?, usize::try_from(limit).unwrap_or(0));
        let keys = tables.bookmarks.iter().map(|(key, _)| *key);
        let theirs: Vec<_> = keys.filter(|(of, _)| *of == user).take(limit).collect();
        Ok(tables.bookmarks.remove_all(theirs) < limit)
    }
}
