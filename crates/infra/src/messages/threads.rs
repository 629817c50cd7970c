//! Threads, and who follows them.

use diesel::dsl::{self, auto_type, case_when};
use diesel::prelude::*;
use groupchat_domain::events::EventRepository;
use groupchat_domain::ids::{GroupId, MessageId, Position, Seq, UserId, Version};
use groupchat_domain::messages::{
    FollowedQuery, FollowedThread, MAX_FOLLOWED, Marked, Participation, Thread, ThreadCursor,
    ThreadRepository, ThreadStanding, ThreadView,
};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::accounts::repository::UserRefRow;
use crate::connection::on_backend;
use crate::messages::read_cursors::read_state;
use crate::messages::unread_mentions::{UnreadInThread, UnreadOfCursor};
use crate::schema::{groups, thread_members, threads, users};
use crate::sql::among;
use crate::tx::DbTx;

// What the viewer is to a thread, beside its participants.
diesel::alias! {
    const OWN: Alias<Own> = thread_members as own;
}

/// A thread's own columns.
#[derive(Debug, Clone, Copy, Queryable, Selectable)]
#[diesel(table_name = threads)]
struct ThreadRow {
    root_id: i64,
    group_id: i64,
    root_seq: i64,
    reply_count: i64,
    last_seq: i64,
    last_reply_id: i64,
    last_reply_at: i64,
}

impl ThreadRow {
    /// The thread, still without participants.
    const fn into_thread(self) -> Thread {
        Thread {
            root: MessageId::new(self.root_id),
            root_seq: Seq::new(self.root_seq),
            group: GroupId::new(self.group_id),
            reply_count: self.reply_count,
            last_seq: Seq::new(self.last_seq),
            last_reply: MessageId::new(self.last_reply_id),
            last_reply_at: Timestamp::from_micros(self.last_reply_at),
            participants: Vec::new(),
        }
    }
}

impl From<ThreadRow> for FollowedThread {
    fn from(row: ThreadRow) -> Self {
        Self {
            root: MessageId::new(row.root_id),
            root_seq: Seq::new(row.root_seq),
            group: GroupId::new(row.group_id),
            last_reply: MessageId::new(row.last_reply_id),
        }
    }
}

/// A thread, and how far somebody has read it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = thread_members)]
struct ThreadCursorRow {
    #[diesel(embed)]
    thread: ThreadRow,
    read_seq: i64,
    read_version: i64,
    #[diesel(select_expression = UnreadOfCursor)]
    unread_mentions: i64,
}

impl From<ThreadCursorRow> for ThreadCursor {
    fn from(row: ThreadCursorRow) -> Self {
        let state = read_state(row.read_seq, row.thread.last_seq, row.read_version);
        Self { state: state.mentioning(row.unread_mentions), thread: row.thread.into() }
    }
}

/// The threads that a user is something to.
#[auto_type]
fn cursors_of(user: i64) -> _ {
    thread_members::table
        .inner_join(threads::table.on(threads::root_id.eq(thread_members::root_id)))
        .filter(thread_members::user_id.eq(user))
}

/// What is stored of a cursor that was moved.
type Cursor = (
    dsl::Eq<thread_members::read_seq, i64>,
    dsl::Eq<thread_members::read_position, i64>,
    dsl::Eq<thread_members::seen_reply_id, i64>,
);

/// A thread with one of its participants, and what the viewer is to it.
type ViewRow = (ThreadRow, UserRefRow, Option<bool>, Option<i64>, Option<i64>, i64);

/// The place of the participant that every thread has.
const FIRST_PLACE: i64 = 1;

/// Who looks at threads only to tell everybody of them.
const NOBODY: i64 = 0;

impl DbTx<'_> {
    /// The threads under these messages. Each comes in one row for each participant, and there is at least one.
    fn threads_under(&mut self, roots: &[MessageId], viewer: i64) -> Result<Vec<ThreadView>, StorageFault> {
        if roots.is_empty() {
            return Ok(Vec::new());
        }
        let own = OWN
            .field(thread_members::root_id)
            .eq(threads::root_id)
            .and(OWN.field(thread_members::user_id).eq(viewer));
        let shown = thread_members::root_id.eq(threads::root_id).and(thread_members::place.is_not_null());
        let found = threads::table
            .inner_join(groups::table.on(groups::id.eq(threads::group_id)))
            // Before the participants, so that it is looked for once for each thread.
            .left_join(OWN.on(own))
            .inner_join(thread_members::table.on(shown))
            .inner_join(users::table.on(users::id.eq(thread_members::user_id)))
            .filter(among(threads::root_id, roots.iter().map(|root| root.get())))
            .filter(groups::deleted_at.is_null())
            .order((threads::root_id, thread_members::place));
        let rows: Vec<ViewRow> = on_backend!(self, |connection| found
            .select((
                ThreadRow::as_select(),
                UserRefRow::as_select(),
                OWN.field(thread_members::following).nullable(),
                OWN.field(thread_members::read_seq).nullable(),
                OWN.field(thread_members::read_version).nullable(),
                // Once for each thread.
                case_when(thread_members::place.eq(FIRST_PLACE), UnreadInThread::of(viewer)).otherwise(0_i64),
            ))
            .load(connection))?;
        let mut views: Vec<ThreadView> = Vec::new();
        for (row, participant, following, read_seq, read_version, unread_mentions) in rows {
            if views.last().is_none_or(|view| view.thread.root.get() != row.root_id) {
                let standing = ThreadStanding {
                    following: following.unwrap_or(false),
                    read_seq: read_seq.map_or(Seq::ZERO, Seq::new),
                    read_version: read_version.map_or(Version::FIRST, Version::new),
                };
                views.push(ThreadView { thread: row.into_thread(), standing, unread_mentions });
            }
            if let Some(view) = views.last_mut() {
                view.thread.participants.push(participant.into());
            }
        }
        Ok(views)
    }

    /// A cursor that is moved now.
    fn cursor_at(&mut self, seq: Seq, seen: MessageId) -> Result<Cursor, StorageFault> {
        Ok((
            thread_members::read_seq.eq(seq.get()),
            thread_members::read_position.eq(self.head()?.get()),
            thread_members::seen_reply_id.eq(seen.get()),
        ))
    }

    /// Changes the cursor that somebody has of a thread, or stores the first one.
    fn move_cursor(
        &mut self,
        (root, user): (MessageId, UserId),
        cursor: Cursor,
        change: impl Fn(&mut Self) -> Result<usize, StorageFault>,
    ) -> Result<Option<Marked>, StorageFault> {
        let mut changed = change(self)?;
        if changed == 0 {
            changed = self.add_cursor(root, user, cursor)?;
        }
        if changed == 0 {
            // Another device may have stored another number first.
            changed = change(self)?;
        }
        self.marked_in_thread(root, user, changed)
    }

    /// Stores the first cursor that somebody has of a thread; 0 where they have one.
    fn add_cursor(&mut self, root: MessageId, user: UserId, cursor: Cursor) -> Result<usize, StorageFault> {
        let row = diesel::insert_into(thread_members::table)
            .values((
                thread_members::root_id.eq(root.get()),
                thread_members::user_id.eq(user.get()),
                thread_members::following.eq(false),
                cursor,
            ))
            .on_conflict_do_nothing();
        on_backend!(self, |connection| row.execute(connection))
    }

    /// Where a cursor is after it has moved, which is read in a statement of its own for the same reason as those of groups.
    fn marked_in_thread(
        &mut self,
        root: MessageId,
        user: UserId,
        changed: usize,
    ) -> Result<Option<Marked>, StorageFault> {
        let found = cursors_of(user.get()).filter(thread_members::root_id.eq(root.get()));
        let row = on_backend!(self, |connection| found
            .select(ThreadCursorRow::as_select())
            .first(connection)
            .optional())?;
        Ok(row.map(|row| Marked { state: ThreadCursor::from(row).state, moved: changed > 0 }))
    }
}

impl ThreadRepository for DbTx<'_> {
    fn views(&mut self, roots: &[MessageId], viewer: UserId) -> Result<Vec<ThreadView>, StorageFault> {
        self.threads_under(roots, viewer.get())
    }

    fn find_many(&mut self, roots: &[MessageId]) -> Result<Vec<Thread>, StorageFault> {
        Ok(self.threads_under(roots, NOBODY)?.into_iter().map(|view| view.thread).collect())
    }

    fn put(&mut self, thread: &Thread) -> Result<(), StorageFault> {
        let counts = (
            threads::reply_count.eq(thread.reply_count),
            threads::last_seq.eq(thread.last_seq.get()),
            threads::last_reply_id.eq(thread.last_reply.get()),
            threads::last_reply_at.eq(thread.last_reply_at.as_micros()),
        );
        let place = (
            threads::root_id.eq(thread.root.get()),
            threads::group_id.eq(thread.group.get()),
            threads::root_seq.eq(thread.root_seq.get()),
        );
        let row = diesel::insert_into(threads::table)
            .values((place, counts))
            .on_conflict(threads::root_id)
            .do_update()
            .set(counts);
        on_backend!(self, |connection| row.execute(connection)).map(drop)
    }

    fn participate(
        &mut self,
        root: MessageId,
        user: UserId,
        participation: &Participation,
    ) -> Result<(), StorageFault> {
        let Participation { read_seq, reply, place } = *participation;
        let standing = (
            thread_members::following.eq(true),
            thread_members::read_seq.eq(read_seq.get()),
            thread_members::seen_reply_id.eq(reply.get()),
            // Without one, it keeps the place that it has.
            place.map(|place| thread_members::place.eq(place)),
        );
        let row = diesel::insert_into(thread_members::table)
            .values((
                thread_members::root_id.eq(root.get()),
                thread_members::user_id.eq(user.get()),
                thread_members::following.eq(true),
                thread_members::read_seq.eq(read_seq.get()),
                thread_members::seen_reply_id.eq(reply.get()),
                thread_members::place.eq(place),
            ))
            .on_conflict((thread_members::root_id, thread_members::user_id))
            .do_update()
            .set(standing);
        on_backend!(self, |connection| row.execute(connection)).map(drop)
    }

    fn follow(
        &mut self,
        root: MessageId,
        user: UserId,
        following: bool,
        seen: MessageId,
    ) -> Result<bool, StorageFault> {
        let known = thread_members::table
            .find((root.get(), user.get()))
            .filter(thread_members::following.ne(following));
        let changed = diesel::update(known)
            .set((thread_members::following.eq(following), thread_members::seen_reply_id.eq(seen.get())));
        if on_backend!(self, |connection| changed.execute(connection))? > 0 {
            return Ok(true);
        }
        let row = diesel::insert_into(thread_members::table)
            .values((
                thread_members::root_id.eq(root.get()),
                thread_members::user_id.eq(user.get()),
                thread_members::following.eq(following),
                thread_members::read_seq.eq(0),
                thread_members::seen_reply_id.eq(seen.get()),
            ))
            .on_conflict_do_nothing();
        on_backend!(self, |connection| row.execute(connection)).map(|rows| rows > 0)
    }

    fn follow_all(
        &mut self,
        root: MessageId,
        users: &[UserId],
        seen: MessageId,
    ) -> Result<Vec<UserId>, StorageFault> {
        let known = thread_members::table
            .filter(thread_members::root_id.eq(root.get()))
            .filter(thread_members::following)
            .filter(among(thread_members::user_id, users.iter().map(|user| user.get())))
            .select(thread_members::user_id);
        let known: Vec<i64> = on_backend!(self, |connection| known.load(connection))?;
        let new: Vec<_> = users.iter().filter(|user| !known.contains(&user.get())).copied().collect();
        if new.is_empty() {
            return Ok(new);
        }
        let row = |user: &UserId| {
            (
                thread_members::root_id.eq(root.get()),
                thread_members::user_id.eq(user.get()),
                thread_members::following.eq(true),
                thread_members::read_seq.eq(0),
                thread_members::seen_reply_id.eq(seen.get()),
            )
        };
        let rows: Vec<_> = new.iter().map(row).collect();
        on_backend!(self, |connection| diesel::insert_into(thread_members::table)
            .values(&rows)
            .on_conflict((thread_members::root_id, thread_members::user_id))
            .do_update()
            .set(thread_members::following.eq(true))
            .execute(connection))?;
        Ok(new)
    }

    fn unfollow_oldest(
        &mut self,
        user: UserId,
        but: Option<MessageId>,
        keep: i64,
    ) -> Result<Vec<MessageId>, StorageFault> {
        let oldest = thread_members::table
            .filter(thread_members::user_id.eq(user.get()))
            .filter(thread_members::following)
            // No message has the id 0.
            .filter(thread_members::root_id.ne(but.map_or(0, MessageId::get)))
            .order((thread_members::seen_reply_id.desc(), thread_members::root_id.desc()))
            .offset(keep)
            .limit(AT_ONCE)
            .select(thread_members::root_id);
        let oldest: Vec<i64> = on_backend!(self, |connection| oldest.load(connection))?;
        for root in &oldest {
            let row = thread_members::table.find((*root, user.get()));
            let ended = diesel::update(row).set(thread_members::following.eq(false));
            on_backend!(self, |connection| ended.execute(connection))?;
        }
        Ok(oldest.into_iter().map(MessageId::new).collect())
    }

    fn advance_read_seq(
        &mut self,
        root: MessageId,
        user: UserId,
        seq: Seq,
        seen: MessageId,
    ) -> Result<Option<Marked>, StorageFault> {
        let cursor = self.cursor_at(seq, seen)?;
        let advance = || {
            let member = thread_members::table.find((root.get(), user.get()));
            diesel::update(member.filter(thread_members::read_seq.lt(seq.get()))).set(cursor)
        };
        self.move_cursor((root, user), cursor, |tx| {
            on_backend!(tx, |connection| advance().execute(connection))
        })
    }

    fn put_read_seq(
        &mut self,
        root: MessageId,
        user: UserId,
        seq: Seq,
        seen: MessageId,
    ) -> Result<Option<Marked>, StorageFault> {
        let cursor = self.cursor_at(seq, seen)?;
        let put = || {
            let member = thread_members::table.find((root.get(), user.get()));
            let version = thread_members::read_version.eq(thread_members::read_version + 1);
            diesel::update(member.filter(thread_members::read_seq.ne(seq.get()))).set((cursor, version))
        };
        self.move_cursor((root, user), cursor, |tx| on_backend!(tx, |connection| put().execute(connection)))
    }

    fn add_cursors(&mut self, user: UserId, roots: &[MessageId]) -> Result<(), StorageFault> {
        let row = |root: &MessageId| {
            (
                thread_members::root_id.eq(root.get()),
                thread_members::user_id.eq(user.get()),
                thread_members::following.eq(false),
                thread_members::read_seq.eq(0),
                thread_members::seen_reply_id.eq(0),
            )
        };
        let rows: Vec<_> = roots.iter().map(row).collect();
        on_backend!(self, |connection| diesel::insert_into(thread_members::table)
            .values(&rows)
            .on_conflict_do_nothing()
            .execute(connection))
        .map(drop)
    }

    fn advance_to_end(
        &mut self,
        user: UserId,
        roots: &[MessageId],
    ) -> Result<Vec<ThreadCursor>, StorageFault> {
        let head = self.head()?;
        let of_row = || threads::table.filter(threads::root_id.eq(thread_members::root_id));
        let last_seq = || of_row().select(threads::last_seq).single_value().assume_not_null();
        let last_reply = || of_row().select(threads::last_reply_id).single_value().assume_not_null();
        let behind = thread_members::table
            .filter(thread_members::user_id.eq(user.get()))
            .filter(among(thread_members::root_id, roots.iter().map(|root| root.get())))
            .filter(thread_members::read_seq.lt(last_seq()));
        let moved = diesel::update(behind)
            .set((
                thread_members::read_seq.eq(last_seq()),
                thread_members::seen_reply_id.eq(last_reply()),
                thread_members::read_position.eq(head.get()),
            ))
            .returning(thread_members::root_id);
        let moved: Vec<i64> = on_backend!(self, |connection| moved.get_results(connection))?;
        if moved.is_empty() {
            return Ok(Vec::new());
        }
        let cursors = cursors_of(user.get()).filter(among(thread_members::root_id, moved));
        let rows: Vec<ThreadCursorRow> =
            on_backend!(self, |connection| cursors.select(ThreadCursorRow::as_select()).load(connection))?;
        Ok(rows.into_iter().map(ThreadCursor::from).collect())
    }

    fn followed(&mut self, query: &FollowedQuery) -> Result<Vec<FollowedThread>, StorageFault> {
        let before = query.before.map_or(i64::MAX, MessageId::get);
        let followed =
            thread_members::table
                .inner_join(threads::table.on(threads::root_id.eq(thread_members::root_id)))
                .filter(thread_members::user_id.eq(query.user.get()))
                .filter(thread_members::following)
                .filter(threads::last_reply_id.lt(before))
                // Every number is above this one.
                .filter(
                    threads::last_seq
                        .gt(thread_members::read_seq)
                        .or(threads::last_seq.gt(if query.unread { i64::MAX } else { 0 })),
                )
                .order(threads::last_reply_id.desc())
                .limit(MAX_FOLLOWED);
        let rows: Vec<ThreadRow> =
            on_backend!(self, |connection| followed.select(ThreadRow::as_select()).load(connection))?;
        Ok(rows.into_iter().map(FollowedThread::from).collect())
    }

    fn read_since(&mut self, user: UserId, position: Position) -> Result<Vec<ThreadCursor>, StorageFault> {
        let moved = cursors_of(user.get())
            .inner_join(groups::table.on(groups::id.eq(threads::group_id)))
            .filter(thread_members::read_position.ge(position.get()))
            .filter(groups::deleted_at.is_null())
            .order(thread_members::read_position.desc())
            .limit(MAX_FOLLOWED);
        let rows: Vec<ThreadCursorRow> =
            on_backend!(self, |connection| moved.select(ThreadCursorRow::as_select()).load(connection))?;
        Ok(rows.into_iter().map(ThreadCursor::from).collect())
    }
}

/// How many followings are ended at once.
const AT_ONCE: i64 = 100;
