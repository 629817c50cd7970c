//! Ephemeral events.

use groupchat_domain::events::{Audience, EphemeralAudience, EphemeralEvent, LiveEvents, Viewer};
use groupchat_domain::groups::JoinedGroup;
use groupchat_domain::ids::{EventId, SessionId};
use groupchat_domain::presence::Presence;

use super::super::core::Continuity;
use super::fixture::*;

fn presence() -> EphemeralEvent {
    EphemeralEvent::PresenceChanged { user: ANN, presence: Presence::Online, last_seen_at: None }
}

fn got(ephemeral: EphemeralEvent) -> Vec<Got> {
    vec![Got::Ephemeral(ephemeral)]
}

#[test]
fn they_reach_only_their_audience() {
    let test_hub = TestHub::new();
    let mut other_device = test_hub.subscribe();
    other_device.feed.authorize(Viewer::new(
        ANN,
        SessionId::new(100),
        [JoinedGroup::whole(POKER, EventId::new(0))],
    ));
    let mut listeners = [
        test_hub.listen(ANN, &[CHESS, POKER]),
        other_device,
        test_hub.listen(BOB, &[CHESS, POKER]),
        test_hub.listen(EVE, &[]),
    ];
    let cases = [
        (EphemeralAudience::OwnDevices(ANN), [true, true, false, false]),
        (EphemeralAudience::Members(CHESS, ANN), [false, false, true, false]),
        (EphemeralAudience::Members(CHESS, EVE), [true, false, true, false]),
    ];
    for (to, expected) in cases {
        test_hub.hub.publish_ephemeral(to, presence());
        test_hub.broadcast();
        for (listener, expected) in listeners.iter_mut().zip(expected) {
            assert_eq!(listener.take(), if expected { got(presence()) } else { vec![] }, "{to:?}");
        }
    }
}

#[test]
fn they_keep_their_order_among_logged_events() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[]);
    let first = test_hub.publish_to_all();
    test_hub.hub.publish_ephemeral(EphemeralAudience::OwnDevices(ANN), presence());
    let second = test_hub.publish_to_all();
    assert_eq!(ann.take(), [Got::Logged(first), Got::Ephemeral(presence()), Got::Logged(second)]);
}

#[test]
fn those_for_own_devices_are_kept_until_the_authorization() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.subscribe();
    ann.feed.identify(ANN);
    let first = test_hub.publish_to_all();
    for audience in [
        EphemeralAudience::OwnDevices(ANN),
        EphemeralAudience::OwnDevices(BOB),
        EphemeralAudience::Members(CHESS, BOB),
    ] {
        test_hub.hub.publish_ephemeral(audience, presence());
        test_hub.broadcast();
    }
    let second = test_hub.publish_to_all();
    assert_eq!(ann.take(), []);
    ann.authorize(ANN, &[CHESS]);
    assert_eq!(ann.take(), [Got::Logged(first), Got::Ephemeral(presence()), Got::Logged(second)]);
}

#[test]
fn a_listener_that_is_not_identified_misses_them() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.subscribe();
    test_hub.hub.publish_ephemeral(EphemeralAudience::OwnDevices(ANN), presence());
    test_hub.broadcast();
    ann.authorize(ANN, &[]);
    assert_eq!(ann.take(), []);
}

#[test]
fn what_is_kept_of_them_leaves_room_for_logged_events() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.subscribe();
    ann.feed.identify(ANN);
    for _ in 0..10 * options().unauthorized_queue {
        test_hub.hub.publish_ephemeral(EphemeralAudience::OwnDevices(ANN), presence());
        test_hub.broadcast();
    }
    let logged = test_hub.publish_to_all();
    ann.authorize(ANN, &[]);
    let taken = ann.take();
    assert_eq!(taken.len(), options().unauthorized_queue / 4 * 3 + 1);
    assert_eq!(taken.last(), Some(&Got::Logged(logged)));
}

#[test]
fn they_disconnect_nobody() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[]);
    for _ in 0..10 * options().queue {
        test_hub.hub.publish_ephemeral(EphemeralAudience::OwnDevices(ANN), presence());
        test_hub.broadcast();
    }
    let logged = test_hub.publish_to_all();
    let taken = ann.take();
    assert_eq!(taken.len(), options().queue / 4 * 3 + 1);
    assert_eq!(taken.last(), Some(&Got::Logged(logged)));
}

#[test]
fn they_leave_room_in_the_inbox() {
    let test_hub = TestHub::new();
    let mut ann = test_hub.listen(ANN, &[]);
    for _ in 0..10 * options().inbox {
        test_hub.hub.publish_ephemeral(EphemeralAudience::Members(CHESS, BOB), presence());
    }
    let logged = test_hub.write(Audience::All, something());
    test_hub.commit(std::slice::from_ref(&logged));
    assert_eq!(test_hub.broadcast(), Continuity::Complete);
    assert_eq!(ann.positions(), [logged.position]);
}
