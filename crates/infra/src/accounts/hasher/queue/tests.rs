use super::*;

const LIMITS: HashQueueLimits = HashQueueLimits {
    known: 8,
    known_network: 4,
    user: 3,
    account: 2,
    strangers: 4,
    supernet: 3,
    network: 2,
};

fn network(address: &str) -> Network {
    Network::of(address.parse().unwrap())
}

fn sign_in(address: &str, account: &str, is_known: bool) -> HashCaller {
    HashCaller::SignIn { network: network(address), account: UsernameKey::of(account), is_known }
}

fn stranger(address: &str) -> HashCaller {
    sign_in(address, "ann", false)
}

fn user(id: i64) -> HashCaller {
    HashCaller::User(UserId::new(id))
}

type Queue = HashQueue<&'static str>;

fn queue() -> Queue {
    HashQueue::new(LIMITS)
}

/// Pushes an item that must be accepted. Also returns the item that it displaces.
#[track_caller]
fn push(queue: &mut Queue, caller: HashCaller, item: &'static str) -> (HashEntry, Option<&'static str>) {
    match queue.push(caller, item) {
        PushResult::Queued(entry, displaced) => (entry, displaced),
        PushResult::Rejected(item) => panic!("there is no room for {item}"),
    }
}

#[track_caller]
fn assert_rejected(queue: &mut Queue, caller: HashCaller) {
    assert!(matches!(queue.push(caller, "refused"), PushResult::Rejected("refused")));
}

fn drain(queue: &mut Queue) -> Vec<&'static str> {
    std::iter::from_fn(|| queue.pop(true)).map(|(_, item)| item).collect()
}

#[test]
fn the_known_come_before_strangers() {
    let mut queue = queue();
    push(&mut queue, stranger("192.0.2.1"), "stranger");
    push(&mut queue, sign_in("198.51.100.1", "ann", true), "known network");
    push(&mut queue, user(1), "user");
    push(&mut queue, HashCaller::System, "system");
    assert_eq!(queue.pop(true), Some((Class::Known, "known network")));
    assert_eq!(drain(&mut queue), ["user", "system", "stranger"]);
}

#[test]
fn strangers_get_a_turn_after_some_known_callers() {
    let mut queue = queue();
    push(&mut queue, stranger("192.0.2.1"), "s1");
    push(&mut queue, stranger("192.0.2.1"), "s2");
    for id in 1..=6 {
        push(&mut queue, user(id), "k");
    }
    assert_eq!(drain(&mut queue), ["k", "k", "k", "k", "s1", "k", "k", "s2"]);
}

#[test]
fn known_callers_served_while_no_stranger_waited_do_not_count() {
    let mut queue = queue();
    for id in 1..=6 {
        push(&mut queue, user(id), "k");
    }
    for _ in 0..5 {
        queue.pop(true);
    }
    push(&mut queue, stranger("192.0.2.1"), "s");
    assert_eq!(drain(&mut queue), ["k", "s"]);
}

#[test]
fn strangers_are_served_only_when_they_may_be() {
    let mut queue = queue();
    push(&mut queue, stranger("192.0.2.1"), "s");
    assert_eq!(queue.pop(false), None);
    for id in 1..=6 {
        push(&mut queue, user(id), "k");
        assert_eq!(queue.pop(false), Some((Class::Known, "k")));
    }
    assert_eq!(drain(&mut queue), ["s"]);
}

#[test]
fn neighbours_share_a_queue_and_queues_take_turns() {
    let mut queue = queue();
    for (address, item) in [("192.0.2.1", "a1"), ("192.0.2.2", "a2"), ("198.51.100.1", "b")] {
        push(&mut queue, stranger(address), item);
    }
    assert_eq!(drain(&mut queue), ["a1", "b", "a2"]);
}

#[test]
fn entries_of_strangers_are_limited_per_network_and_supernet() {
    let mut queue = queue();
    push(&mut queue, stranger("192.0.2.1"), "a1");
    push(&mut queue, stranger("192.0.2.1"), "a2");
    assert_rejected(&mut queue, sign_in("192.0.2.1", "another account", false));
    push(&mut queue, stranger("192.0.2.2"), "a3");
    // The network with the most entries makes room until all have the same number.
    assert_eq!(push(&mut queue, stranger("192.0.2.3"), "a4").1, Some("a2"));
    assert_rejected(&mut queue, stranger("192.0.2.4"));
    push(&mut queue, stranger("2001:db8:1:2::1"), "b1");
}

#[test]
fn entries_of_known_callers_are_limited_per_account_network_and_user() {
    let mut queue = queue();
    for account in ["ann", "ann", "bob", "bob"] {
        push(&mut queue, sign_in("192.0.2.1", account, true), "a");
    }
    assert_rejected(&mut queue, sign_in("192.0.2.1", "cid", true));
    drain(&mut queue);
    push(&mut queue, sign_in("192.0.2.1", "ann", true), "a1");
    push(&mut queue, sign_in("192.0.2.1", "ann", true), "a2");
    assert_rejected(&mut queue, sign_in("192.0.2.1", "Ann", true));
    push(&mut queue, sign_in("192.0.2.2", "ann", true), "b1");
    push(&mut queue, user(1), "u1");
    push(&mut queue, user(1), "u2");
    push(&mut queue, user(1), "u3");
    assert_rejected(&mut queue, user(1));
}

#[test]
fn a_stranger_displaces_one_from_the_largest_supernet() {
    let mut queue = queue();
    for (address, item) in [("192.0.2.1", "a1"), ("192.0.2.2", "a2"), ("192.0.2.3", "a3")] {
        push(&mut queue, stranger(address), item);
    }
    push(&mut queue, stranger("198.51.100.1"), "b1");
    assert_eq!(push(&mut queue, stranger("203.0.113.1"), "c1").1, Some("a3"));
    // No queue is longer by more than one than this one would be.
    assert_rejected(&mut queue, stranger("198.51.100.1"));
    assert_eq!(push(&mut queue, stranger("100.64.0.1"), "d1").1, Some("a2"));
    assert_rejected(&mut queue, stranger("100.64.1.1"));
    assert_eq!(drain(&mut queue), ["a1", "b1", "c1", "d1"]);
}

#[test]
fn known_callers_are_limited_and_the_server_is_not() {
    let mut queue = queue();
    for id in 1..=8 {
        push(&mut queue, user(id), "k");
    }
    assert_rejected(&mut queue, user(9));
    push(&mut queue, HashCaller::System, "system");
    push(&mut queue, stranger("192.0.2.1"), "s");
    assert_eq!(drain(&mut queue).len(), 10);
}

#[test]
fn the_known_caller_with_most_entries_makes_room() {
    let mut queue = queue();
    // One attacker that has made many networks of one provider's range known.
    for (network, account, item) in [
        ("2001:db8:1:1::", "a", "m1"),
        ("2001:db8:1:1::", "b", "m2"),
        ("2001:db8:1:2::", "a", "m3"),
        ("2001:db8:1:2::", "b", "m4"),
        ("2001:db8:1:3::", "a", "m5"),
        ("2001:db8:1:3::", "b", "m6"),
        ("2001:db8:1:3::", "c", "m7"),
    ] {
        push(&mut queue, sign_in(network, account, true), item);
    }
    push(&mut queue, HashCaller::System, "system");
    assert_eq!(push(&mut queue, sign_in("192.0.2.1", "ann", true), "ann").1, Some("m7"));
    assert_eq!(push(&mut queue, user(1), "u1").1, Some("m6"));
    // Within the range, the network with the most entries makes room.
    assert_eq!(push(&mut queue, sign_in("2001:db8:1:4::", "bob", true), "bob").1, Some("m4"));
    assert_eq!(drain(&mut queue), ["m1", "system", "ann", "u1", "m2", "m3", "m5", "bob"]);
}

#[test]
fn the_servers_own_entries_are_never_displaced() {
    let mut queue = queue();
    for _ in 0..8 {
        push(&mut queue, HashCaller::System, "system");
    }
    assert_rejected(&mut queue, user(1));
}

#[test]
fn a_withdrawn_entry_makes_room() {
    let mut queue = queue();
    let (entry, _) = push(&mut queue, stranger("192.0.2.1"), "a1");
    push(&mut queue, stranger("192.0.2.1"), "a2");
    assert_eq!(queue.withdraw(&entry), Some("a1"));
    assert_eq!(queue.withdraw(&entry), None);
    push(&mut queue, stranger("192.0.2.1"), "a3");
    let (entry, _) = push(&mut queue, user(1), "u1");
    assert_eq!(queue.withdraw(&entry), Some("u1"));
    assert_eq!(drain(&mut queue), ["a2", "a3"]);
}
