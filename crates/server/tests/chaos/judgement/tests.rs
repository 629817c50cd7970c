use super::*;

const ME: i64 = 7;
const GROUP: i64 = 3;
const LAST: i64 = 99;

fn event(event_type: &str, group: Option<i64>, subject: i64) -> Logged {
    Logged { position: 0, event_type: event_type.to_owned(), actor: None, group, subject }
}

fn in_group(event_type: &str, subject: i64) -> Entry {
    Entry { event: event(event_type, Some(GROUP), subject), audience: Audience::Group(GROUP) }
}

fn removed(user: i64) -> Entry {
    Entry { audience: Audience::GroupAndUser(GROUP, user), ..in_group("member.removed", user) }
}

fn deleted() -> Entry {
    Entry { audience: Audience::All, ..in_group("group.deleted", GROUP) }
}

/// A log of these, and the last user.
fn log(mut entries: Vec<Entry>) -> Log {
    entries.push(Entry { event: event("user.created", None, LAST), audience: Audience::All });
    for (entry, position) in entries.iter_mut().zip(1..) {
        entry.event.position = position;
    }
    Log::of(entries)
}

/// What is wrong if one gets the events at these positions.
fn fault(log: &Log, got: &[i64]) -> Option<Fault> {
    let events = got.iter().map(|position| log.at(*position).unwrap().event.clone()).collect();
    let diary = Diary { start: Some(0), events, ..Diary::default() };
    check_diary(log, ME, false, &diary, LAST).err()
}

#[test]
fn a_member_gets_all_from_the_joining_on() {
    let log = log(vec![
        in_group("message.created", 1),
        in_group("member.added", ME),
        in_group("message.created", 2),
    ]);
    assert_eq!(fault(&log, &[2, 3, 4]), None);
    assert!(matches!(fault(&log, &[1, 2, 3, 4]), Some(Fault::Forbidden(event)) if event.position == 1));
    assert!(matches!(fault(&log, &[2, 4]), Some(Fault::Missing(event)) if event.position == 3));
    assert!(matches!(fault(&log, &[2, 3]), Some(Fault::Missing(event)) if event.position == 4));
}

#[test]
fn nothing_comes_twice_or_late() {
    let log = log(vec![in_group("member.added", ME), in_group("message.created", 1)]);
    for wrong in [&[1, 2, 2, 3], &[2, 1, 2, 3]] {
        assert!(matches!(fault(&log, wrong), Some(Fault::OutOfOrder(_))), "{wrong:?}");
    }
}

#[test]
fn what_was_in_a_stay_that_is_over_may_come_and_what_is_outside_may_not() {
    let log = log(vec![
        in_group("member.added", ME),
        in_group("message.created", 1),
        removed(ME),
        in_group("message.created", 2),
        in_group("member.added", ME),
    ]);
    assert_eq!(fault(&log, &[1, 2, 3, 5, 6]), None);
    assert_eq!(fault(&log, &[3, 5, 6]), None);
    assert!(matches!(fault(&log, &[5, 6]), Some(Fault::Missing(event)) if event.position == 3));
    assert!(matches!(fault(&log, &[3, 4, 5, 6]), Some(Fault::Forbidden(event)) if event.position == 4));
}

#[test]
fn what_has_gone_since_may_be_left_out() {
    let created = Entry { audience: Audience::All, ..in_group("group.created", GROUP) };
    let log = log(vec![created, in_group("member.added", ME), deleted()]);
    assert_eq!(fault(&log, &[3, 4]), None);
    assert_eq!(fault(&log, &[1, 2, 3, 4]), None);
    assert!(matches!(fault(&log, &[1, 2, 4]), Some(Fault::Missing(event)) if event.position == 3));
}

#[test]
fn what_is_told_is_what_the_log_has() {
    let log = log(vec![in_group("member.added", ME)]);
    let mut wrong = log.at(1).unwrap().event.clone();
    wrong.actor = Some(ME);
    let diary = Diary { start: Some(0), events: vec![wrong.clone()], ..Diary::default() };
    assert_eq!(check_diary(&log, ME, false, &diary, LAST), Err(Fault::Untrue(wrong)));
}

#[test]
fn nobody_is_told_of_the_end_of_a_session() {
    let ended = Entry { event: event("sessions.ended", None, ME), audience: Audience::User(ME) };
    let log = log(vec![ended]);
    assert_eq!(fault(&log, &[2]), None);
    assert!(matches!(fault(&log, &[1, 2]), Some(Fault::Forbidden(_))));
}

#[test]
fn one_begins_where_one_began() {
    let log = log(vec![in_group("member.added", ME), in_group("message.created", 1)]);
    let diary = Diary { start: Some(2), events: vec![log.at(3).unwrap().event.clone()], ..Diary::default() };
    assert_eq!(check_diary(&log, ME, true, &diary, LAST), Ok(1));
    let never = Diary::default();
    assert_eq!(check_diary(&log, ME, true, &never, LAST), Err(Fault::NoStart));
}
