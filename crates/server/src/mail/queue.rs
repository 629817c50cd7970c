//! Orders for mails that wait for the worker.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use groupchat_domain::accounts::{MailOrder, MailQueue};
use tokio::sync::{Notify, watch};

/// How many orders wait at most.
const MAX_WAITING: usize = 256;

/// How many of them may come from one network.
const MAX_OF_NETWORK: usize = MAX_WAITING / 8;

/// When somebody for whom there is no room may try again.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// The orders in memory. They are lost when the server is killed.
pub(crate) struct WaitingOrders {
    waiting: Mutex<VecDeque<MailOrder>>,
    arrived: Notify,
    /// How many orders and mails are not done yet.
    open: watch::Sender<usize>,
}

impl Default for WaitingOrders {
    fn default() -> Self {
        Self { waiting: Mutex::default(), arrived: Notify::new(), open: watch::Sender::new(0) }
    }
}

impl WaitingOrders {
    /// The next order, once there is one.
    pub(super) async fn next(&self) -> MailOrder {
        loop {
            let order = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            match order {
                Some(order) => return order,
                None => self.arrived.notified().await,
            }
        }
    }

    /// So many more mails are to be sent.
    pub(super) fn opened(&self, count: usize) {
        self.open.send_modify(|open| *open += count);
    }

    /// An order, or a mail, is done.
    pub(super) fn done(&self) {
        self.open.send_modify(|open| *open = open.saturating_sub(1));
    }

    /// Waits until everything is done, but no longer than this. Returns how much is not.
    pub(crate) async fn finish(&self, within: Duration) -> usize {
        let mut open = self.open.subscribe();
        let _ = tokio::time::timeout(within, open.wait_for(|open| *open == 0)).await;
        *self.open.borrow()
    }
}

impl MailQueue for WaitingOrders {
    fn is_on(&self) -> bool {
        true
    }

    fn order(&self, order: MailOrder) -> Result<(), Duration> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let network = order.client().network();
        let of_network = waiting.iter().filter(|other| other.client().network() == network).count();
        if waiting.len() >= MAX_WAITING || of_network >= MAX_OF_NETWORK {
            return Err(RETRY_AFTER);
        }
        waiting.push_back(order);
        self.opened(1);
        drop(waiting);
        self.arrived.notify_one();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use groupchat_domain::accounts::{ClientInfo, ResetAccount, UsernameKey};

    use super::*;

    fn order(network: usize, name: &str) -> MailOrder {
        let address = IpAddr::V4(Ipv4Addr::from(u32::try_from(network).unwrap()));
        let client = ClientInfo { user_agent: None, address: Some(address) };
        MailOrder::Reset { account: ResetAccount::Username(UsernameKey::of(name)), client }
    }

    #[tokio::test]
    async fn orders_come_in_their_order() {
        let orders = WaitingOrders::default();
        for name in ["a", "b"] {
            orders.order(order(1, name)).unwrap();
        }
        assert_eq!([orders.next().await, orders.next().await], [order(1, "a"), order(1, "b")]);
    }

    #[test]
    fn nobody_fills_the_queue_alone_and_all_together_not_beyond_its_size() {
        let orders = WaitingOrders::default();
        for _ in 0..MAX_OF_NETWORK {
            orders.order(order(1, "a")).unwrap();
        }
        assert_eq!(orders.order(order(1, "a")), Err(RETRY_AFTER));
        for network in 2..=MAX_WAITING - MAX_OF_NETWORK + 1 {
            orders.order(order(network, "a")).unwrap();
        }
        assert_eq!(orders.order(order(9_999, "a")), Err(RETRY_AFTER));
    }

    #[tokio::test]
    async fn the_end_is_waited_for_and_not_for_ever() {
        let orders = WaitingOrders::default();
        orders.order(order(1, "a")).unwrap();
        assert_eq!(orders.finish(Duration::from_millis(1)).await, 1);
        let finishing = orders.finish(Duration::from_secs(60));
        let working = async {
            orders.next().await;
            orders.opened(1);
            orders.done();
            orders.done();
        };
        assert_eq!(tokio::join!(finishing, working).0, 0);
    }
}
