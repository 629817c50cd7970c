//! The connection limiter: how many connections are allowed, in total and from one network.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use groupchat_domain::network::{Network, Supernet};
use groupchat_domain::storage::Caller;

use super::rejection::ConnectionRejected;
use crate::extract::IpNetwork;
use crate::limits::{Budget, Exhausted, Permit};

/// A network may have at most this many times as many connections as are free. So one network that takes all it can get
/// leaves a quarter of the connections free, two leave a seventh, and however many there are, there is always room for
/// another one.
const SHARE: usize = 3;

/// The same for the networks of a supernet together, which may belong to one customer: however many networks it
/// has, an eighth of the connections stays free.
const SHARE_OF_SUPERNET: usize = 7;

/// How many bytes of incomplete heads are kept for all connections together, and for one network. Both are constants,
/// because nearly every head arrives whole and is never counted. So they need not grow with the number of clients.
const UNREAD: u64 = 16 << 20;
const UNREAD_OF_NETWORK: u64 = 2 << 20;

/// Counts the connections of all workers, and the bytes of incomplete heads.
#[derive(Debug)]
pub(super) struct ConnectionLimiter {
    max_connections: usize,
    max_per_network: usize,
    /// Proxies, whose connections carry many clients.
    proxies: Vec<IpNetwork>,
    counts: Mutex<Counts>,
    unread: Arc<Budget>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    /// Rejected connections since the last report, and the time of that report.
    rejected: u64,
    last_report: Option<Instant>,
    by_network: HashMap<Network, usize>,
    by_supernet: HashMap<Supernet, usize>,
}

/// How often rejected connections are reported.
const REPORT_INTERVAL: Duration = Duration::from_secs(60);

/// Connections that were rejected since the last report.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RejectionReport {
    /// How many.
    pub count: u64,
    /// The network with the most connections, and how many it has.
    pub most: Option<(Network, usize)>,
}

/// A permit for one connection, returned when dropped.
#[derive(Debug)]
pub(super) struct ConnectionPermit {
    limiter: Arc<ConnectionLimiter>,
    peer: Network,
    unread: Option<Permit>,
    /// `None` for a proxy, whose connections are not counted.
    network: Option<Network>,
}

impl ConnectionLimiter {
    /// Limits all connections, and those of each network except `proxies`.
    pub(super) fn new(max_connections: usize, max_per_network: usize, proxies: Vec<IpNetwork>) -> Arc<Self> {
        let unread = Budget::with_spare(UNREAD_OF_NETWORK, UNREAD, UNREAD / 8);
        Arc::new(Self { max_connections, max_per_network, proxies, counts: Mutex::default(), unread })
    }

    /// Admits a connection from an address.
    ///
    /// # Errors
    /// The connection is over a limit.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Result<ConnectionPermit, ConnectionRejected> {
        let is_proxy = self.proxies.iter().any(|network| network.contains(address));
        let network = (!is_proxy).then(|| Network::of(address));
        let max_per_network = if is_near(address) { usize::MAX } else { self.max_per_network };

        let mut counts = self.counts();
        let free = self.max_connections.saturating_sub(counts.all);
        if free == 0 {
            return Err(ConnectionRejected::Full);
        }
        if let Some(network) = network {
            let own = counts.by_network.get(&network).copied().unwrap_or(0);
            let near = counts.by_supernet.get(&network.supernet()).copied().unwrap_or(0);
            let has_share = own < SHARE * free && near < SHARE_OF_SUPERNET * free;
            if own >= max_per_network || !has_share {
                return Err(ConnectionRejected::Network);
            }
            *counts.by_network.entry(network).or_default() += 1;
            *counts.by_supernet.entry(network.supernet()).or_default() += 1;
        }
        counts.all += 1;
        drop(counts);
        Ok(ConnectionPermit { limiter: Arc::clone(self), peer: Network::of(address), unread: None, network })
    }

    /// Counts a rejected connection. Once a minute, returns a report to log.
    pub(super) fn note_rejection(&self, now: Instant) -> Option<RejectionReport> {
        let mut counts = self.counts();
        counts.rejected += 1;
        if counts.last_report.is_some_and(|at| now.saturating_duration_since(at) < REPORT_INTERVAL) {
            return None;
        }
        counts.last_report = Some(now);
        let count = std::mem::take(&mut counts.rejected);
        let most = counts.by_network.iter().max_by_key(|(_, count)| **count);
        Some(RejectionReport { count, most: most.map(|(network, count)| (*network, *count)) })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionPermit {
    /// Counts the bytes that the connection keeps of an incomplete head.
    ///
    /// # Errors
    /// The network, or all connections together, keep too many.
    pub(super) fn keep_unread(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let bytes = bytes as u64;
        match &mut self.unread {
            None => {
                let permit = self.limiter.unread.take(Caller::Network(self.peer), bytes)?;
                self.unread = Some(permit);
                Ok(())
            }
            Some(permit) if permit.amount() < bytes => permit.grow(bytes - permit.amount()),
            Some(_) => Ok(()),
        }
    }

    /// The connection keeps no bytes any more.
    pub(super) fn forget_unread(&mut self) {
        self.unread = None;
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut counts = self.limiter.counts();
        counts.all -= 1;
        if let Some(network) = self.network {
            reduce(&mut counts.by_network, network);
            reduce(&mut counts.by_supernet, network.supernet());
        }
    }
}

/// Whether many clients may share this address without a setting that says so: behind a reverse proxy on this machine,
/// or a gateway of containers or of a local network (RFC 1918, RFC 4193, link-local).
fn is_near(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// Decrements a count, and removes it at zero.
fn reduce<K: Eq + Hash>(counts: &mut HashMap<K, usize>, of: K) {
    if let Some(count) = counts.get_mut(&of) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&of);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// Takes all connections that an address can get.
    fn hog(limiter: &Arc<ConnectionLimiter>, from: &str) -> Vec<ConnectionPermit> {
        std::iter::from_fn(|| limiter.admit(address(from)).ok()).collect()
    }

    #[test]
    fn a_network_is_limited_and_gets_its_permits_back() {
        let limiter = ConnectionLimiter::new(100, 2, Vec::new());
        let permits = [limiter.admit(address("2001:db8::1")), limiter.admit(address("2001:db8::2"))];
        assert!(permits.iter().all(Result::is_ok));
        assert_eq!(limiter.admit(address("2001:db8::3")).unwrap_err(), ConnectionRejected::Network);
        assert!(limiter.admit(address("2001:db8:0:1::1")).is_ok());
        assert!(limiter.admit(address("192.0.2.1")).is_ok());
        drop(permits);
        assert!(limiter.admit(address("2001:db8::3")).is_ok());
        let counts = limiter.counts();
        assert_eq!((counts.all, counts.by_network.len(), counts.by_supernet.len()), (0, 0, 0));
    }

    #[test]
    fn incomplete_heads_are_limited_per_network_and_in_total() {
        const HEAD: usize = 32 << 10;
        let limiter = ConnectionLimiter::new(10_000, 1_000, Vec::new());
        let keep_all = |from: &str| {
            let keep = |mut permit: ConnectionPermit| permit.keep_unread(HEAD).ok().map(|()| permit);
            std::iter::from_fn(|| limiter.admit(address(from)).ok().and_then(keep)).collect::<Vec<_>>()
        };
        let mut first = keep_all("192.0.2.1");
        assert_eq!(first.len() as u64, UNREAD_OF_NETWORK / HEAD as u64);
        first[0].forget_unread();
        let more: Vec<_> = (3..100).map(|last| keep_all(&format!("192.0.{last}.1"))).collect();
        assert!(more.iter().all(|kept| !kept.is_empty()), "each has one");
        assert!(limiter.unread.held() <= UNREAD + 100 * HEAD as u64);
        drop((first, more));
        assert_eq!(limiter.unread.held(), 0);
    }

    #[test]
    fn a_supernet_leaves_room_for_others_however_many_networks_it_has() {
        let limiter = ConnectionLimiter::new(200, 1_000, Vec::new());
        let all: Vec<_> =
            (0..300).flat_map(|number| hog(&limiter, &format!("2001:db8:1:{number:x}::1"))).collect();
        assert_eq!(all.len(), 175);
        assert_eq!(limiter.admit(address("2001:db8:1:ffff::1")).unwrap_err(), ConnectionRejected::Network);
        assert!(limiter.admit(address("2001:db8:2::1")).is_ok());
    }

    #[test]
    fn greedy_networks_always_leave_room_for_others() {
        let limiter = ConnectionLimiter::new(200, 1_000, Vec::new());
        let first = hog(&limiter, "192.0.2.1");
        assert_eq!(first.len(), 150);
        let more: Vec<_> = (3..100).map(|last| hog(&limiter, &format!("192.0.{last}.1"))).collect();
        assert!(more.iter().all(|permits| !permits.is_empty() || limiter.counts().all == 200));
        assert_eq!(more[0].len(), 38);
        drop(first);
        assert!(limiter.admit(address("198.51.100.1")).is_ok());
    }

    #[test]
    fn a_trusted_proxy_may_have_all_connections() {
        let limiter = ConnectionLimiter::new(200, 10, vec!["10.0.0.0/8".parse().unwrap()]);
        let all = hog(&limiter, "::ffff:10.0.0.1");
        assert_eq!(all.len(), 200);
        assert_eq!(limiter.admit(address("192.0.2.1")).unwrap_err(), ConnectionRejected::Full);
    }

    #[test]
    fn private_addresses_are_only_kept_from_taking_all_connections() {
        for near in
            ["127.0.0.1", "172.17.0.1", "10.1.2.3", "192.168.1.1", "169.254.1.1", "fd00::1", "fe80::1"]
        {
            let limiter = ConnectionLimiter::new(200, 10, Vec::new());
            assert_eq!(hog(&limiter, near).len(), 150, "{near}");
            assert_eq!(hog(&limiter, "192.0.2.1").len(), 10);
        }
    }

    #[test]
    fn rejections_are_reported_once_a_minute_with_the_largest_network() {
        let limiter = ConnectionLimiter::new(200, 10, Vec::new());
        let all = [hog(&limiter, "192.0.2.1"), vec![limiter.admit(address("192.0.2.2")).unwrap()]];
        let (now, most) = (Instant::now(), Some((Network::of(address("192.0.2.1")), 10)));
        assert_eq!(limiter.note_rejection(now), Some(RejectionReport { count: 1, most }));
        assert_eq!(limiter.note_rejection(now + REPORT_INTERVAL / 2), None);
        assert_eq!(limiter.note_rejection(now + REPORT_INTERVAL), Some(RejectionReport { count: 2, most }));
        drop(all);
    }
}
