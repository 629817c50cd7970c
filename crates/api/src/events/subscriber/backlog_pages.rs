//! When to read the next page of the backlog: once the client has received all of the last one, and the budget allows
//! it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use groupchat_domain::events::EndReason;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::events::send_buffer::{PagePermit, UserBufferBudget};

/// The maximum size of a page: its texts, plus an overhead for each event.
const MAX_PAGE_BYTES: usize = 512 << 10;

/// The approximate size of an event without its texts.
const EVENT: usize = 512;

/// How long to wait at a time, before checking whether the server stops.
const STEP: Duration = Duration::from_secs(1);

/// The backlog pages of one connection.
pub(super) struct BacklogPages {
    users: Arc<UserBufferBudget>,
    /// Allows one page at a time.
    turn: Arc<Semaphore>,
    current: Current,
    /// The previous page, until the client has received all of it.
    last: Weak<PagePermit>,
    /// Since when the client has read nothing, and how many parts of the last page were left then.
    stuck: Option<(Instant, usize)>,
}

/// The current page.
enum Current {
    None,
    /// There is room for it.
    Reserved(PagePermit),
    /// It is being sent.
    Sending(Arc<PagePermit>),
}

impl BacklogPages {
    /// For a connection that has not read any page yet.
    pub(super) fn new(users: Arc<UserBufferBudget>) -> Self {
        let turn = Arc::new(Semaphore::new(1));
        Self { users, turn, current: Current::None, last: Weak::new(), stuck: None }
    }

    /// Waits for room for the next page, but not for long. Returns whether there is room. Cancel-safe.
    ///
    /// # Errors
    /// The client has read nothing of the last page for longer than the write timeout.
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

    /// Whether the client has read nothing for this long.
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

    /// A page was read, with this many events and this many bytes of text.
    pub(super) fn read(&mut self, events: usize, text: usize) {
        let current = std::mem::replace(&mut self.current, Current::None);
        if let Current::Reserved(mut permit) = current
            && events > 0
        {
            // Each text exists twice: as read and as rendered.
            permit.shrink(2 * text + events * EVENT);
            let permit = Arc::new(permit);
            self.last = Arc::downgrade(&permit);
            self.current = Current::Sending(permit);
        }
    }

    /// The permit that a part of the current page holds until the client has received it.
    pub(super) fn part(&self) -> Option<Arc<PagePermit>> {
        match &self.current {
            Current::Sending(permit) => Some(Arc::clone(permit)),
            _ => None,
        }
    }

    /// The whole page has been sent.
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
    async fn the_next_page_waits_until_the_last_one_was_received() {
        let mut pages = pages();
        assert_eq!(pages.make_room(WRITE_TIMEOUT).await, Ok(true));
        // The reserved page has not been read yet.
        assert_eq!(pages.make_room(WRITE_TIMEOUT).await, Ok(true));
        pages.read(2, 100);
        let mut parts = vec![pages.part(), pages.part()];
        pages.finish();
        assert!(pages.part().is_none());
        // A client that reads something from time to time isn't disconnected.
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
    async fn a_page_without_events_holds_no_permit() {
        let mut pages = pages();
        for _ in 0..3 {
            assert_eq!(pages.make_room(WRITE_TIMEOUT).await, Ok(true));
            pages.read(0, 0);
            assert!(pages.part().is_none());
        }
    }

    #[actix_web::test]
    async fn connections_of_one_user_share_the_page_budget() {
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
