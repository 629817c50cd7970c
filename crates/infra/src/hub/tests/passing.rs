//! Ephemeral events.

use groupchat_domain::events::{Audience, LiveEvents, Passing, PassingTo, Viewer};
use groupchat_domain::ids::{EventId, SessionId};
use groupchat_domain::presence::Presence;

use super::super::core::Sequence;
use super::fixture::*;

fn presence() -> Passing {
    Passing::PresenceChanged { user: ANN, presence: Presence::Online, last_seen_at: None }
}

fn got(passing: Passing) -> Vec<Got> {
    vec![Got::Passing(passing)]
}

#[test]
fn it_goes_to_whom_it_is_for() {
    let desk = Desk::new();
    let mut other_device = desk.subscribe();
    other_device.feed.admit(Viewer::new(ANN, SessionId::new(100), [(POKER, EventId::new(0))]));
    let mut ears = [
        desk.listen(ANN, &[CHESS, POKER]),
        other_device,
        desk.listen(BOB, &[CHESS, POKER]),
        desk.listen(EVE, &[]),
    ];
    let cases = [
        (PassingTo::OwnDevices(ANN), [true, true, false, false]),
        (PassingTo::Members(CHESS, ANN), [false, false, true, false]),
        (PassingTo::Members(CHESS, EVE), [true, false, true, false]),
    ];
    for (to, expected) in cases {
        desk.hub.pass(to, presence());
        desk.hand_out();
        for (ear, expected) in ears.iter_mut().zip(expected) {
            assert_eq!(ear.take(), if expected { got(presence()) } else { vec![] }, "{to:?}");
        }
    }
}

#[test]
fn it_keeps_its_place_among_the_events() {
    let desk = Desk::new();
    let mut ann = desk.listen(ANN, &[]);
    let first = desk.tell_all();
    desk.hub.pass(PassingTo::OwnDevices(ANN), presence());
    let second = desk.tell_all();
    assert_eq!(ann.take(), [Got::Logged(first), Got::Passing(presence()), Got::Logged(second)]);
}

#[test]
fn whoever_is_not_admitted_misses_it() {
    let desk = Desk::new();
    let mut ann = desk.subscribe();
    desk.hub.pass(PassingTo::OwnDevices(ANN), presence());
    desk.hand_out();
    ann.admit(ANN, &[]);
    assert_eq!(ann.take(), []);
}

#[test]
fn it_makes_nobody_too_slow() {
    let desk = Desk::new();
    let mut ann = desk.listen(ANN, &[]);
    for _ in 0..10 * options().queue {
        desk.hub.pass(PassingTo::OwnDevices(ANN), presence());
        desk.hand_out();
    }
    let logged = desk.tell_all();
    let taken = ann.take();
    assert_eq!(taken.len(), options().queue / 4 * 3 + 1);
    assert_eq!(taken.last(), Some(&Got::Logged(logged)));
}

#[test]
fn it_leaves_room_in_the_inbox() {
    let desk = Desk::new();
    let mut ann = desk.listen(ANN, &[]);
    for _ in 0..10 * options().inbox {
        desk.hub.pass(PassingTo::Members(CHESS, BOB), presence());
    }
    let logged = desk.write(Audience::All, something());
    desk.commit(std::slice::from_ref(&logged));
    assert_eq!(desk.hand_out(), Sequence::Kept);
    assert_eq!(ann.positions(), [logged.position]);
}
