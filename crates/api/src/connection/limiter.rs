//! How many connections there may be, in all and of one network.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use groupchat_domain::network::Network as Origin;

use super::refusal::NoRoom;
use crate::extract::Network;

/// A network may have so many times as many connections as are free. So one that takes all it can get leaves a quarter
/// of them free, two leave a seventh, and however many there are, there is room for one more.
const SHARE: usize = 3;

/// Counts the connections of all workers.
#[derive(Debug)]
pub struct ConnectionLimiter {
    most: usize,
    most_of_network: usize,
    /// Their connections are those of many clients.
    proxies: Vec<Network>,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    by_origin: HashMap<Origin, usize>,
}

/// The permission to have one connection, until it is dropped.
#[derive(Debug)]
pub struct ConnectionPermit {
    limiter: Arc<ConnectionLimiter>,
    /// `None` for a proxy, whose connections are not counted.
    origin: Option<Origin>,
}

impl ConnectionLimiter {
    /// At most so many connections, and so many of one network, `proxies` excepted.
    pub fn new(most: usize, most_of_network: usize, proxies: Vec<Network>) -> Arc<Self> {
        Arc::new(Self { most, most_of_network, proxies, counts: Mutex::default() })
    }

    /// Admits a connection from this address.
    ///
    /// # Errors
    /// There is no room for it.
    pub fn admit(self: &Arc<Self>, address: IpAddr) -> Result<ConnectionPermit, NoRoom> {
        let is_proxy = self.proxies.iter().any(|network| network.contains(address));
        let origin = (!is_proxy).then(|| Origin::of(address));
        // Behind a reverse proxy on this machine that nobody told us of, all clients have its address.
        let is_local = address.to_canonical().is_loopback();
        let most_of_network = if is_local { usize::MAX } else { self.most_of_network };

        let mut counts = self.counts();
        let free = self.most.saturating_sub(counts.all);
        if free == 0 {
            return Err(NoRoom::Full);
        }
        if let Some(origin) = origin {
            let count = counts.by_origin.entry(origin).or_default();
            if *count >= most_of_network || *count >= SHARE * free {
                return Err(NoRoom::Network);
            }
            *count += 1;
        }
        counts.all += 1;
        drop(counts);
        Ok(ConnectionPermit { limiter: Arc::clone(self), origin })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut counts = self.limiter.counts();
        counts.all -= 1;
        if let Some(origin) = self.origin
            && let Some(count) = counts.by_origin.get_mut(&origin)
        {
            *count -= 1;
            if *count == 0 {
                counts.by_origin.remove(&origin);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// Takes all that an address can get.
    fn hog(limiter: &Arc<ConnectionLimiter>, from: &str) -> Vec<ConnectionPermit> {
        std::iter::from_fn(|| limiter.admit(address(from)).ok()).collect()
    }

    #[test]
    fn a_network_has_so_many_and_gets_them_back() {
        let limiter = ConnectionLimiter::new(100, 2, Vec::new());
        let permits = [limiter.admit(address("2001:db8::1")), limiter.admit(address("2001:db8::2"))];
        assert!(permits.iter().all(Result::is_ok));
        assert_eq!(limiter.admit(address("2001:db8::3")).unwrap_err(), NoRoom::Network);
        assert!(limiter.admit(address("2001:db8:0:1::1")).is_ok());
        assert!(limiter.admit(address("192.0.2.1")).is_ok());
        drop(permits);
        assert!(limiter.admit(address("2001:db8::3")).is_ok());
        let counts = limiter.counts();
        assert_eq!((counts.all, counts.by_origin.len()), (0, 0));
    }

    #[test]
    fn hogs_always_leave_room_for_others() {
        let limiter = ConnectionLimiter::new(200, 1_000, Vec::new());
        let first = hog(&limiter, "192.0.2.1");
        assert_eq!(first.len(), 150);
        let more: Vec<_> = (2..100).map(|last| hog(&limiter, &format!("192.0.2.{last}"))).collect();
        assert!(more.iter().all(|permits| !permits.is_empty() || limiter.counts().all == 200));
        assert_eq!(more[0].len(), 38);
        drop(first);
        assert!(limiter.admit(address("198.51.100.1")).is_ok());
    }

    #[test]
    fn a_trusted_proxy_may_have_them_all() {
        let limiter = ConnectionLimiter::new(200, 10, vec!["10.0.0.0/8".parse().unwrap()]);
        let all = hog(&limiter, "::ffff:10.0.0.1");
        assert_eq!(all.len(), 200);
        assert_eq!(limiter.admit(address("192.0.2.1")).unwrap_err(), NoRoom::Full);
    }

    #[test]
    fn this_machine_is_only_kept_from_taking_all() {
        let limiter = ConnectionLimiter::new(200, 10, Vec::new());
        assert_eq!(hog(&limiter, "127.0.0.1").len(), 150);
        assert_eq!(hog(&limiter, "192.0.2.1").len(), 10);
    }
}
