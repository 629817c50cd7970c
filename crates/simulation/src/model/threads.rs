//! Threads, and who follows them.

use std::cmp::Reverse;

use groupchat_domain::accounts::UserRef;
use groupchat_domain::ids::{GroupId, MessageId, Position, Seq, UserId};
use groupchat_domain::messages::{
    FollowedQuery, FollowedThread, MAX_FOLLOWED, Marked, Participation, ReadState, Thread, ThreadCursor,
    ThreadRepository, ThreadStanding, ThreadView,
};
use groupchat_domain::storage::StorageFault;

use crate::model::state::{Tables, ThreadMember};
use crate::model::tx::{ModelTx, each_once};

impl Tables {
    /// A thread in a group that is not deleted, with the names of its participants.
    fn thread(&self, root: MessageId) -> Option<Thread> {
        let thread = self.threads.get(&root).filter(|thread| self.group(thread.group).is_some())?;
        let participants = thread.participants.iter().map(|participant| self.user_ref(participant.id));
        Some(Thread { participants: participants.collect(), ..thread.clone() })
    }

    /// The threads that somebody has replied in, followed or read.
    fn threads_of(&self, user: UserId) -> impl Iterator<Item = (&Thread, ThreadMember)> {
        let mine = self.thread_members.iter().filter(move |((_, member), _)| *member == user);
        mine.filter_map(|((root, _), member)| Some((self.threads.get(root)?, *member)))
    }

    fn change_member(
        &mut self,
        key: (MessageId, UserId),
        seen: MessageId,
        change: impl FnOnce(&mut ThreadMember),
    ) {
        let new = ThreadMember { standing: ThreadStanding::NONE, seen, read_position: None };
        let mut member = self.thread_members.get(&key).copied().unwrap_or(new);
        member.seen = seen;
        change(&mut member);
        self.thread_members.put(key, member);
    }

    /// How far a user who stands like this in a thread has read it.
    fn read_state(&self, thread: &Thread, user: UserId, standing: ThreadStanding) -> ReadState {
        let state = ReadState::of(standing.read_seq, thread.last_seq, standing.read_version);
        state.mentioning(self.unread_mentions(user, (thread.group, Some(thread.root)), Seq::ZERO))
    }

    /// Where somebody's cursor is now.
    fn marked(&self, key: (MessageId, UserId), moved: bool) -> Option<Marked> {
        let (thread, member) = (self.threads.get(&key.0)?, self.thread_members.get(&key)?);
        Some(Marked { state: self.read_state(thread, key.1, member.standing), moved })
    }

    /// Removes up to `limit` rows of the threads of a group: first who is in them. Returns how many.
    pub(super) fn purge_threads(&mut self, group: GroupId, limit: usize) -> usize {
        let threads = self.threads.iter().filter(|(_, thread)| thread.group == group);
        let roots: Vec<_> = threads.map(|(root, _)| *root).collect();
        let members = self.thread_members.iter().map(|(key, _)| *key);
        let members: Vec<_> = members.filter(|(root, _)| roots.contains(root)).take(limit).collect();
        let removed = self.thread_members.remove_all(members);
        removed + self.threads.remove_all(roots.into_iter().take(limit - removed))
    }
}

fn followed(thread: &Thread) -> FollowedThread {
    let Thread { root, root_seq, group, last_reply, .. } = *thread;
    FollowedThread { root, root_seq, group, last_reply }
}

impl ThreadRepository for ModelTx<'_> {
    fn views(&mut self, roots: &[MessageId], viewer: UserId) -> Result<Vec<ThreadView>, StorageFault> {
        let tables = self.read()?;
        let standing = |root| {
            let member = tables.thread_members.get(&(root, viewer));
            member.map_or(ThreadStanding::NONE, |member| member.standing)
        };
        let threads = each_once(roots).filter_map(|root| tables.thread(root));
        let view = |thread: Thread| {
            let place = (thread.group, Some(thread.root));
            let unread_mentions = tables.unread_mentions(viewer, place, Seq::ZERO);
            ThreadView { standing: standing(thread.root), thread, unread_mentions }
        };
        Ok(threads.map(view).collect())
    }

    fn find_many(&mut self, roots: &[MessageId]) -> Result<Vec<Thread>, StorageFault> {
        let tables = self.read()?;
        Ok(each_once(roots).filter_map(|root| tables.thread(root)).collect())
    }

    fn put(&mut self, thread: &Thread) -> Result<(), StorageFault> {
        let tables = self.write()?;
        let known = tables.threads.get(&thread.root).map(|known| known.participants.clone());
        let participants = known.unwrap_or_default();
        tables.threads.put(thread.root, Thread { participants, ..thread.clone() });
        Ok(())
    }

    fn participate(
        &mut self,
        root: MessageId,
        user: UserId,
        participation: &Participation,
    ) -> Result<(), StorageFault> {
        let tables = self.write()?;
        let Participation { read_seq, reply, place } = *participation;
        tables.change_member((root, user), reply, |member| {
            (member.standing.following, member.standing.read_seq) = (true, read_seq);
        });
        if place.is_some() {
            let participant = UserRef { id: user, username: None, display_name: None };
            tables.threads.change(&root, |thread| thread.participants.push(participant));
        }
        Ok(())
    }

    fn follow(
        &mut self,
        root: MessageId,
        user: UserId,
        following: bool,
        seen: MessageId,
    ) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        if !tables.threads.contains(&root) {
            return Err(self.fail("nobody can follow what is no thread"));
        }
        let known = tables.thread_members.get(&(root, user));
        if known.is_some_and(|member| member.standing.following == following) {
            return Ok(false);
        }
        tables.change_member((root, user), seen, |member| member.standing.following = following);
        Ok(true)
    }

    fn follow_all(
        &mut self,
        root: MessageId,
        users: &[UserId],
        seen: MessageId,
    ) -> Result<Vec<UserId>, StorageFault> {
        let tables = self.write()?;
        let follows = |user: &&UserId| {
            let member = tables.thread_members.get(&(root, **user));
            member.is_some_and(|member| member.standing.following)
        };
        let new: Vec<_> = users.iter().filter(|user| !follows(user)).copied().collect();
        for user in &new {
            let seen = tables.thread_members.get(&(root, *user)).map_or(seen, |member| member.seen);
            tables.change_member((root, *user), seen, |member| member.standing.following = true);
        }
        Ok(new)
    }

    fn unfollow_oldest(
        &mut self,
        user: UserId,
        but: Option<MessageId>,
        keep: i64,
    ) -> Result<Vec<MessageId>, StorageFault> {
        let tables = self.write()?;
        let mine = tables.threads_of(user).filter(|(_, member)| member.standing.following);
        let mine = mine.filter(|(thread, _)| Some(thread.root) != but);
        let mut mine: Vec<_> = mine.map(|(thread, member)| (member.seen, thread.root)).collect();
        mine.sort_unstable_by_key(|place| Reverse(*place));
        let oldest = mine.into_iter().skip(usize::try_from(keep).unwrap_or(0)).take(100);
        let oldest: Vec<_> = oldest.map(|(_, root)| root).collect();
        for root in &oldest {
            tables.thread_members.change(&(*root, user), |member| member.standing.following = false);
        }
        Ok(oldest)
    }

    fn advance_read_seq(
        &mut self,
        root: MessageId,
        user: UserId,
        seq: Seq,
        seen: MessageId,
    ) -> Result<Option<Marked>, StorageFault> {
        let head = self.state.head;
        let tables = self.write()?;
        let known = tables.thread_members.get(&(root, user));
        let moved = known.is_none_or(|member| member.standing.read_seq < seq);
        if moved {
            tables.change_member((root, user), seen, |member| {
                member.standing.read_seq = seq;
                member.read_position = Some(head);
            });
        }
        Ok(tables.marked((root, user), moved))
    }

    fn put_read_seq(
        &mut self,
        root: MessageId,
        user: UserId,
        seq: Seq,
        seen: MessageId,
    ) -> Result<Option<Marked>, StorageFault> {
        let head = self.state.head;
        let tables = self.write()?;
        let known = tables.thread_members.get(&(root, user)).copied();
        let moved = known.is_none_or(|member| member.standing.read_seq != seq);
        if moved {
            tables.change_member((root, user), seen, |member| {
                member.standing.read_seq = seq;
                if known.is_some() {
                    member.standing.read_version = member.standing.read_version.next();
                }
                member.read_position = Some(head);
            });
        }
        Ok(tables.marked((root, user), moved))
    }

    fn add_cursors(&mut self, user: UserId, roots: &[MessageId]) -> Result<(), StorageFault> {
        let tables = self.write()?;
        for root in each_once(roots) {
            if !tables.thread_members.contains(&(root, user)) {
                tables.change_member((root, user), MessageId::new(0), |_| ());
            }
        }
        Ok(())
    }

    fn advance_to_end(
        &mut self,
        user: UserId,
        roots: &[MessageId],
    ) -> Result<Vec<ThreadCursor>, StorageFault> {
        let mut moved = Vec::new();
        for root in each_once(roots) {
            let tables = self.read()?;
            let Some(thread) = tables.threads.get(&root).cloned() else { continue };
            if !tables.thread_members.contains(&(root, user)) {
                continue;
            }
            let marked = self.advance_read_seq(root, user, thread.last_seq, thread.last_reply)?;
            let marked = marked.filter(|marked| marked.moved);
            moved
                .extend(marked.map(|marked| ThreadCursor { thread: followed(&thread), state: marked.state }));
        }
        Ok(moved)
    }

    fn followed(&mut self, query: &FollowedQuery) -> Result<Vec<FollowedThread>, StorageFault> {
        let tables = self.read()?;
        let wanted = |(thread, member): &(&Thread, ThreadMember)| {
            member.standing.following
                && (!query.unread || thread.last_seq > member.standing.read_seq)
                && query.before.is_none_or(|before| thread.last_reply < before)
        };
        let mine = tables.threads_of(query.user).filter(wanted);
        let mut mine: Vec<_> = mine.map(|(thread, _)| followed(thread)).collect();
        mine.sort_unstable_by_key(|thread| Reverse(thread.last_reply));
        mine.truncate(usize::try_from(MAX_FOLLOWED).unwrap_or(0));
        Ok(mine)
    }

    fn read_since(&mut self, user: UserId, position: Position) -> Result<Vec<ThreadCursor>, StorageFault> {
        let tables = self.read()?;
        let moved = tables.threads_of(user).filter(|(thread, member)| {
            member.read_position >= Some(position) && tables.group(thread.group).is_some()
        });
        let cursor = |(thread, member): (&Thread, ThreadMember)| ThreadCursor {
            thread: followed(thread),
            state: tables.read_state(thread, user, member.standing),
        };
        Ok(moved.map(cursor).collect())
    }
}
