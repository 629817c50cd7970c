//! When to read the next page of the backlog: once the client has received all of the last one, and the budget allows
//! it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use groupchat_domain::events::EndReason;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::events::send_buffer::{PagePermit, UserBufferBudget};

/// The most that a page takes: its texts, and its events besides them.
const MAX_PAGE_BYTES: usize = 512 << 10;

/// What an event takes besides its texts, about.
const EVENT: usize = 512;

/// How long is waited at a time, to look meanwhile whether the server stops.
const STEP: Duration = Duration::from_secs(1);

/// The pages of one connection.
pub(super) struct BacklogPages {
    users: Arc<UserBufferBudget>,
    /// Whose turn it is: that of one page at a time.
    turn: Arc<Semaphore>,
    current: Current,
    /// The page before, as long as the client has not taken all of it.
    last: Weak<PagePermit>,
    /// Since when the client has taken nothing, and how many parts of the last page were left to take then.
    stuck: Option<(Instant, usize)>,
}

/// The page that is next.
enum Current {
    None,
    /// There is room for it.
    Reserved(PagePermit),
    /// It is being told.
    Sending(Arc<PagePermit>),
}

impl BacklogPages {
    /// Of a user's connection that has read none.
    pub(super) fn new(users: Arc<UserBufferBudget>) -> Self {
        let turn = Arc::new(Semaphore::new(1));
        Self { users, turn, current: Current::None, last: Weak::new(), stuck: None }
    }

    /// Waits for room for the next page, but not for long; whether there is. May be dropped and called again.
    ///
    /// # Errors
    /// The client has taken nothing of the last page for longer than the patience.
    pub(super) async fn make_room(&mut self, write_timeout: Duration) -> Result<bool, EndReason> {
        if matches!(self.current, Current::Reserved(_)) {
            return Ok(true);
        }
        self.finish();
        let Ok(turn) = timeout(STEP.min(write_timeout), Arc::clone(&self.turn).acquire_owned()).await else {
            return if self.is_stuck(write_timeout) { Err(EndReason::TooSlow) } else { Ok(false) };
        };
        self.stuck = None;
        let turn = turn.expect("nobody closes the semaphore");
        let Ok(users) = timeout(STEP, self.users.for_page(MAX_PAGE_BYTES)).await else { return Ok(false) };
        self.current = Current::Reserved(PagePermit { _turn: turn, users });
        Ok(true)
    }

    /// Whether the client has taken nothing for so long.
    fn is_stuck(&mut self, write_timeout: Duration) -> bool {
        let (now, left) = (Instant::now(), self.last.strong_count());
        match self.stuck {
            Some((since, before)) if left >= before => now.duration_since(since) >= write_timeout,
            _ => {
                self.stuck = Some((now, left));
                false
            }
        }
    }

    /// The page was read, with so many events that have so many bytes of text.
    pub(super) fn read(&mut self, events: usize, text: usize) {
        let current = std::mem::replace(&mut self.current, Current::None);
        if let Current::Reserved(mut room) = current
            && events > 0
        {
            // Each text is there as it was read, and as it is written.
            room.shrink(2 * text + events * EVENT);
            let room = Arc::new(room);
            self.last = Arc::downgrade(&room);
            self.current = Current::Sending(room);
        }
    }

    /// What a part of the page that is being told holds until the client has taken it.
    pub(super) fn part(&self) -> Option<Arc<PagePermit>> {
        match &self.current {
            Current::Sending(room) => Some(Arc::clone(room)),
            _ => None,
        }
    }

    /// All of the page has been told.
    pub(super) fn finish(&mut self) {
        if matches!(self.current, Current::Sending(_)) {
            self.current = Current::None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITE_TIMEOUT: Duration = Duration::from_millis(30);

    fn pages() -> BacklogPages {
        BacklogPages::new(UserBufferBudget::new(2 * MAX_PAGE_BYTES))
    }

    #[actix_web::test]
    async fn the_next_page_waits_until_all_of_the_last_was_taken() {
        let mut pages = pages();
        assert_eq!(pages.make_room(WRITE_TIMEOUT).await, Ok(true));
        // Nobody has read it yet.
        assert_eq!(pages.make_room(WRITE_TIMEOUT).await, Ok(true));
        pages.read(2, 100);
        let mut parts = vec![pages.part(), pages.part()];
        pages.finish();
        assert!(pages.part().is_none());
        // As long as some of it is taken now and then, it is waited for.
        assert_eq!(pages.make_room(WRITE_TIMEOUT).await, Ok(false));
        parts.pop();
        assert_eq!(pages.make_room(WRITE_TIMEOUT).await, Ok(false));
        let end = loop {
            match pages.make_room(WRITE_TIMEOUT).await {
                Ok(has_room) => assert!(!has_room),
                Err(end) => break end,
            }
        };
        assert_eq!(end, EndReason::TooSlow);
        parts.pop();
        assert_eq!(pages.make_room(WRITE_TIMEOUT).await, Ok(true));
    }

    #[actix_web::test]
    async fn a_page_without_events_takes_no_room() {
        let mut pages = pages();
        for _ in 0..3 {
            assert_eq!(pages.make_room(WRITE_TIMEOUT).await, Ok(true));
            pages.read(0, 0);
            assert!(pages.part().is_none());
        }
    }

    #[actix_web::test]
    async fn connections_of_one_user_share_the_room() {
        let users = UserBufferBudget::new(2 * MAX_PAGE_BYTES);
        let mut connections = [BacklogPages::new(Arc::clone(&users)), BacklogPages::new(users)];
        assert_eq!(connections[0].make_room(WRITE_TIMEOUT).await, Ok(true));
        assert_eq!(connections[1].make_room(WRITE_TIMEOUT).await, Ok(false));
        // Most pages are small.
        connections[0].read(200, 10_000);
        assert_eq!(connections[1].make_room(WRITE_TIMEOUT).await, Ok(false));
        connections[0].finish();
        assert_eq!(connections[1].make_room(WRITE_TIMEOUT).await, Ok(true));
    }
}
