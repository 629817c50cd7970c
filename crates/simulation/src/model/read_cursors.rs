//! How far members have read their groups.

use groupchat_domain::accounts::ReceiptSetting;
use groupchat_domain::groups::{ReadCursor, Visibility};
use groupchat_domain::ids::{GroupId, Seq, UserId, Version};
use groupchat_domain::messages::{
    FoundReaders, MAX_LOOKED_AT, Marked, ReadCursorRepository, ReadState, Reader, ReaderQuery,
};
use groupchat_domain::storage::StorageFault;

use crate::model::state::{Membership, Tables};
use crate::model::tx::{ModelTx, each_once};

impl Tables {
    /// Where the cursor of a member is; `None` in a group that is gone.
    pub(super) fn read_cursor(
        &self,
        (group, user): (GroupId, UserId),
        membership: &Membership,
    ) -> Option<ReadCursor> {
        let Membership { read_seq, read_version, joined_seq, .. } = *membership;
        let found = self.group(group)?;
        let state = ReadState::of(read_seq.max(found.trimmed.upto), found.last_seq, read_version);
        let above = found.history.readable_after(joined_seq).max(found.trimmed.upto);
        Some(ReadCursor { group, state: state.mentioning(self.unread_mentions(user, (group, None), above)) })
    }

    /// How far a member has read, if they show it.
    fn reader(&self, group: GroupId, user: UserId, membership: &Membership) -> Option<Reader> {
        let shows = self.user(user)?.receipts == ReceiptSetting::Shown;
        let role = self.role_of(group, membership)?;
        let Membership { read_seq, joined_seq, .. } = *membership;
        shows.then(|| Reader { user: self.user_ref(user), read_seq, joined_seq, role })
    }
}

impl ModelTx<'_> {
    fn move_cursor(
        &mut self,
        (group, user): (GroupId, UserId),
        moves: impl FnOnce(Seq) -> bool,
        seq: Seq,
        version: impl FnOnce(Version) -> Version,
    ) -> Result<Option<Marked>, StorageFault> {
        let head = self.state.head;
        let tables = self.write()?;
        let moved = tables.memberships.get(&(group, user)).is_some_and(|member| moves(member.read_seq));
        if moved {
            tables.memberships.change(&(group, user), |membership| {
                membership.read_seq = seq;
                membership.read_version = version(membership.read_version);
                membership.read_position = head;
            });
        }
        let member = tables.memberships.get(&(group, user));
        let cursor = member.and_then(|membership| tables.read_cursor((group, user), membership));
        Ok(cursor.map(|cursor| Marked { state: cursor.state, moved }))
    }
}

impl ReadCursorRepository for ModelTx<'_> {
    fn find(&mut self, group: GroupId, user: UserId) -> Result<Option<ReadState>, StorageFault> {
        let tables = self.read()?;
        let membership = tables.memberships.get(&(group, user));
        let cursor = membership.and_then(|membership| tables.read_cursor((group, user), membership));
        Ok(cursor.map(|cursor| cursor.state))
    }

    fn advance(&mut self, group: GroupId, user: UserId, seq: Seq) -> Result<Option<Marked>, StorageFault> {
        self.move_cursor((group, user), |read_seq| read_seq < seq, seq, |version| version)
    }

    fn put(&mut self, group: GroupId, user: UserId, seq: Seq) -> Result<Option<Marked>, StorageFault> {
        self.move_cursor((group, user), |read_seq| read_seq != seq, seq, Version::next)
    }

    fn unread_groups(
        &mut self,
        user: UserId,
        after: GroupId,
        limit: i64,
    ) -> Result<Vec<GroupId>, StorageFault> {
        let tables = self.read()?;
        let cursors = tables
            .memberships_of(user)
            .filter_map(|(group, membership)| tables.read_cursor((group, user), &membership));
        let unread = cursors.filter(|cursor| cursor.group > after && cursor.state.unread > 0);
        let mut ids: Vec<_> = unread.map(|cursor| cursor.group).collect();
        ids.sort_unstable();
        ids.truncate(usize::try_from(limit).unwrap_or(0));
        Ok(ids)
    }

    fn advance_to_end(&mut self, user: UserId, groups: &[GroupId]) -> Result<Vec<ReadCursor>, StorageFault> {
        let mut moved = Vec::new();
        for group in each_once(groups) {
            let Some(last) = self.read()?.groups.get(&group).map(|row| row.group.last_seq) else { continue };
            let marked = self.advance(group, user, last)?.filter(|marked| marked.moved);
            moved.extend(marked.map(|marked| ReadCursor { group, state: marked.state }));
        }
        Ok(moved)
    }

    fn readers(&mut self, query: &ReaderQuery) -> Result<FoundReaders, StorageFault> {
        let tables = self.read()?;
        let mut members: Vec<_> = tables.members(query.group).collect();
        members.retain(|(user, _)| query.after.is_none_or(|after| *user > after));
        members.sort_unstable_by_key(|(user, _)| *user);
        let most = usize::try_from(MAX_LOOKED_AT).unwrap_or(0);
        let looked_up_to = (members.len() > most).then(|| members[most - 1].0);
        let found = members.into_iter().take(most).filter_map(|(user, membership)| {
            let reader = tables.reader(query.group, user, &membership)?;
            Some(reader).filter(|reader| reader.read_seq >= query.seq).map(Ok)
        });
        Ok(FoundReaders { rows: query.limit.read(found)?, looked_up_to })
    }

    fn shown(
        &mut self,
        group: GroupId,
        _: Visibility,
        members: &[UserId],
    ) -> Result<Vec<Reader>, StorageFault> {
        let tables = self.read()?;
        let shown = each_once(members).filter_map(|user| {
            let membership = tables.memberships.get(&(group, user))?;
            tables.reader(group, user, membership)
        });
        Ok(shown.collect())
    }
}
