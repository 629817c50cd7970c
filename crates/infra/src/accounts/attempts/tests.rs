use groupchat_domain::accounts::{KeyHash, UsernameKey};
use groupchat_domain::ids::UserId;
use groupchat_domain::network::Network;

use super::buckets::MAX_REMEMBERED;
use super::*;

const SECOND: Duration = Duration::from_secs(1);
const ADDRESS: BucketSize = BucketSize { capacity: 4, refill: SECOND };
const ACCOUNT: BucketSize = BucketSize { capacity: 2, refill: Duration::from_secs(10) };
const HOME: &str = "192.0.2.1";
const ELSEWHERE: &str = "192.0.2.2";

fn limits() -> (InMemoryLoginRateLimiter, Instant) {
    (InMemoryLoginRateLimiter::new(ADDRESS, ACCOUNT), Instant::now())
}

/// A try to sign in.
fn sign_in(address: &str, name: &str) -> PasswordAttempt {
    let network = Network::of(address.parse().unwrap());
    PasswordAttempt::SignIn { network, account: UsernameKey::of(name) }
}

/// A try to sign in where the account has not signed in before.
fn from_unknown(address: &str, name: &str) -> PasswordAttempt {
    let network = Network::of(address.parse().unwrap());
    PasswordAttempt::FromUnknownNetwork { network, account: UsernameKey::of(name) }
}

/// A try on a device of the account.
fn on_device(number: u8) -> PasswordAttempt {
    PasswordAttempt::FromKnownDevice(KeyHash::new([number; 32]))
}

/// An address of its own for each number.
fn host(number: usize) -> String {
    format!("10.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255)
}

#[test]
fn an_account_has_its_tries_from_each_network() {
    let (limits, now) = limits();
    for _ in 0..2 {
        assert_eq!(limits.take_at(now, &sign_in(HOME, "ann")), Ok(AttemptPool::Usual));
    }
    assert_eq!(limits.take_at(now, &sign_in(HOME, "Ann")), Err(10 * SECOND));
    assert_eq!(limits.take_at(now, &sign_in(HOME, "bob")), Ok(AttemptPool::Usual));
    assert_eq!(
        limits.take_at(now, &sign_in(ELSEWHERE, "ann")),
        Ok(AttemptPool::Usual),
        "the owner is elsewhere"
    );
}

#[test]
fn an_account_has_ten_times_as_many_from_all_unknown_networks() {
    let (limits, now) = limits();
    for number in 0..20 {
        assert_eq!(limits.take_at(now, &from_unknown(HOME, "ann")), Ok(AttemptPool::Usual), "{number}");
    }
    // One in a minute for each after that, and one in a second for whoever comes first.
    assert_eq!(limits.take_at(now, &from_unknown(HOME, "ann")), Ok(AttemptPool::Reserve));
    assert_eq!(limits.take_at(now, &from_unknown(HOME, "ann")), Err(SECOND));
    assert_eq!(limits.take_at(now + SECOND, &from_unknown(HOME, "ann")), Ok(AttemptPool::Usual));
    assert_eq!(limits.take_at(now + SECOND, &from_unknown(HOME, "ann")), Err(2 * SECOND));
    assert_eq!(limits.take_at(now, &from_unknown(HOME, "bob")), Ok(AttemptPool::Usual));
}

#[test]
fn however_many_guess_elsewhere_each_network_has_a_try() {
    let (limits, now) = limits();
    for second in 0..300 {
        let now = now + second * SECOND;
        for number in 0..20 {
            let _ = limits.take_at(now, &from_unknown(&host(number), "ann"));
        }
    }
    let owner = from_unknown(ELSEWHERE, "ann");
    let now = now + 300 * SECOND;
    for _ in 0..3 {
        let of = limits.take_at(now, &owner).expect("who knows the password is never slowed");
        limits.refund(&owner, of);
    }
}

#[test]
fn a_try_goes_back_to_where_it_was_taken() {
    let (limits, now) = limits();
    let stranger = from_unknown(HOME, "ann");
    for _ in 0..20 {
        assert_eq!(limits.take_at(now, &stranger), Ok(AttemptPool::Usual));
    }
    for _ in 0..2 {
        assert_eq!(limits.take_at(now, &stranger), Ok(AttemptPool::Reserve));
        limits.refund(&stranger, AttemptPool::Reserve);
    }
    assert_eq!(
        limits.take_at(now, &from_unknown(ELSEWHERE, "ann")),
        Ok(AttemptPool::Reserve),
        "none came back"
    );
    limits.refund(&stranger, AttemptPool::Usual);
    assert_eq!(limits.take_at(now, &stranger), Ok(AttemptPool::Usual));
}

#[test]
fn a_botnet_gets_ever_fewer_tries() {
    let (limits, now) = limits();
    let mut tries = 0;
    for second in 0..600 {
        for number in 0..60 {
            let attempt = from_unknown(&host(number), "ann");
            tries += u32::from(limits.take_at(now + second * SECOND, &attempt).is_ok());
        }
    }
    // After the first twenty, each network has one at once, and after one minute, two more and four more; all together
    // have one after 1, 2, 4 … 256 seconds more.
    assert_eq!(tries, 20 + 60 * 4 + 9, "in ten minutes");
}

/// How long until the next try, for somebody who always tries at once.
fn delays(limits: &InMemoryLoginRateLimiter, from: Instant, attempt: &PasswordAttempt) -> Vec<u64> {
    let (mut now, mut delays) = (from, Vec::new());
    while delays.len() < 12 {
        if let Err(wait) = limits.take_at(now, attempt) {
            delays.push(wait.as_secs());
            now += wait;
        }
    }
    delays
}

#[test]
fn the_next_try_takes_twice_as_long_each_time() {
    let (limits, now) = limits();
    let growing = [10, 20, 40, 80, 160, 320, 640, 900, 900, 900, 900, 900];
    assert_eq!(delays(&limits, now, &sign_in(HOME, "ann")), growing);
    assert_eq!(delays(&limits, now, &on_device(1)), growing);
    let of_address: Vec<_> = (0..9).map(|number| sign_in(ELSEWHERE, &format!("user{number}"))).collect();
    for attempt in &of_address[..4] {
        limits.take_at(now, attempt).unwrap();
    }
    let (mut now, mut delays) = (now, Vec::new());
    for attempt in &of_address[4..] {
        let wait = limits.take_at(now, attempt).unwrap_err();
        delays.push(wait.as_secs());
        now += wait;
        limits.take_at(now, attempt).unwrap();
    }
    assert_eq!(delays, [1, 2, 4, 8, 16]);
    // Never longer than a minute.
    for number in 0..9 {
        let attempt = sign_in(ELSEWHERE, &format!("another{number}"));
        let wait = limits.take_at(now, &attempt).unwrap_err();
        assert!(wait <= Duration::from_secs(60), "{wait:?}");
        now += wait;
        limits.take_at(now, &attempt).unwrap();
    }
}

#[test]
fn patience_does_not_help() {
    let (limits, start) = limits();
    let ann = sign_in(HOME, "ann");
    // One try in ten seconds never empties the bucket by itself.
    let tries = (0..8_640).filter(|nth| limits.take_at(start + *nth * 10 * SECOND, &ann).is_ok()).count();
    assert!((96..120).contains(&tries), "{tries} in a day");
}

#[test]
fn a_right_answer_makes_the_next_tries_quick_again() {
    for is_right in [true, false] {
        let (limits, now) = limits();
        let ann = sign_in(HOME, "ann");
        let later = now + delays(&limits, now, &ann).into_iter().sum::<u64>() as u32 * SECOND;
        let of = limits.take_at(later, &ann).unwrap();
        if is_right {
            limits.succeed(&ann, of)
        } else {
            limits.refund(&ann, of)
        }
        // It is there again in both cases.
        limits.take_at(later, &ann).unwrap();
        let expected = if is_right { 10 } else { 900 };
        assert_eq!(limits.take_at(later, &ann), Err(expected * SECOND));
    }
}

#[test]
fn what_came_back_long_ago_is_forgotten() {
    let (limits, now) = limits();
    let ann = sign_in(HOME, "ann");
    delays(&limits, now, &ann);
    let later = now + Duration::from_secs(86_400);
    assert_eq!(delays(&limits, later, &ann)[..3], [10, 20, 40]);
}

#[test]
fn a_device_has_tries_of_its_own() {
    let (limits, now) = limits();
    for _ in 0..50 {
        let _ = limits.take_at(now, &sign_in(HOME, "ann"));
        let _ = limits.take_at(now, &from_unknown(HOME, "ann"));
        let _ = limits.take_at(now, &on_device(2));
    }
    for _ in 0..2 {
        assert_eq!(limits.take_at(now, &on_device(1)), Ok(AttemptPool::Usual));
    }
    assert_eq!(limits.take_at(now, &on_device(1)), Err(10 * SECOND));
}

#[test]
fn strangers_use_up_no_tries_at_ones_own_password() {
    let (limits, now) = limits();
    for number in 0..50 {
        let _ = limits.take_at(now, &from_unknown(&host(number), "ann"));
    }
    let own = PasswordAttempt::OwnPassword(UserId::new(1));
    for _ in 0..2 {
        assert_eq!(limits.take_at(now, &own), Ok(AttemptPool::Usual));
    }
    assert_eq!(limits.take_at(now, &own), Err(10 * SECOND));
    assert_eq!(limits.take_at(now, &PasswordAttempt::OwnPassword(UserId::new(2))), Ok(AttemptPool::Usual));
}

#[test]
fn tries_come_back_one_by_one() {
    let (limits, now) = limits();
    let ann = sign_in(HOME, "ann");
    for _ in 0..2 {
        limits.take_at(now, &ann).unwrap();
    }
    assert_eq!(limits.take_at(now + 4 * SECOND, &ann), Err(6 * SECOND));
    assert_eq!(limits.take_at(now + 10 * SECOND, &ann), Ok(AttemptPool::Usual));
    assert_eq!(limits.take_at(now + 10 * SECOND, &ann), Err(20 * SECOND));
    // Long idle is no more than full.
    for _ in 0..2 {
        assert_eq!(limits.take_at(now + 1000 * SECOND, &ann), Ok(AttemptPool::Usual));
    }
    assert!(limits.take_at(now + 1000 * SECOND, &ann).is_err());
}

#[test]
fn an_address_has_its_tries_on_all_accounts_together() {
    let (limits, now) = limits();
    for name in ["a", "b", "c", "d"] {
        limits.take_at(now, &sign_in(HOME, name)).unwrap();
    }
    assert_eq!(limits.take_at(now, &sign_in(HOME, "e")), Err(SECOND));
    assert_eq!(limits.take_at(now, &sign_in("::ffff:192.0.2.1", "e")), Err(SECOND));
    // The rejected tries took none of the account's.
    for _ in 0..2 {
        assert_eq!(limits.take_at(now, &sign_in(ELSEWHERE, "e")), Ok(AttemptPool::Usual));
    }
}

#[test]
fn a_network_of_64_bits_is_one_address() {
    let (limits, now) = limits();
    for (host, name) in [("::1", "a"), ("::2", "b"), (":1::", "c"), (":ffff:0:1", "d")] {
        limits.take_at(now, &sign_in(&format!("2001:db8:0:1:0{host}"), name)).unwrap();
    }
    assert!(limits.take_at(now, &sign_in("2001:db8:0:1::9", "e")).is_err());
    assert_eq!(limits.take_at(now, &sign_in("2001:db8:0:2::1", "e")), Ok(AttemptPool::Usual));
}

#[test]
fn who_knows_the_password_is_never_slowed() {
    let (limits, now) = limits();
    let ann = sign_in(HOME, "ann");
    for _ in 0..100 {
        limits.take_at(now, &ann).unwrap();
        limits.refund(&ann, AttemptPool::Usual);
    }
}

#[test]
fn giving_back_what_was_not_taken_gives_nothing() {
    let (limits, now) = limits();
    let ann = sign_in(HOME, "ann");
    limits.refund(&ann, AttemptPool::Usual);
    limits.take_at(now, &ann).unwrap();
    for _ in 0..5 {
        limits.refund(&ann, AttemptPool::Usual);
    }
    for _ in 0..2 {
        limits.take_at(now, &ann).unwrap();
    }
    assert!(limits.take_at(now, &ann).is_err());
}

#[test]
fn memory_is_bounded_and_a_flood_frees_no_emptied_bucket() {
    let (limits, now) = limits();
    let victim = sign_in(HOME, "victim");
    for _ in 0..2 {
        limits.take_at(now, &victim).unwrap();
    }
    for number in 0..3 * MAX_REMEMBERED {
        limits.take_at(now, &sign_in(&host(number), &format!("made-up-{number}"))).unwrap();
    }
    assert!(limits.lock().iter().all(|buckets| buckets.len() <= MAX_REMEMBERED));
    assert!(limits.take_at(now, &victim).is_err());
}
