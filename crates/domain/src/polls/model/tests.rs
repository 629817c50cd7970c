use super::*;
use crate::testing::{ME, NOW, poll};
use crate::validation::YEAR;

const HALF_A_SECOND: Duration = Duration::from_millis(500);

fn choices(ids: &[i64]) -> Choices {
    ids.iter().map(|id| OptionId::new(*id)).collect()
}

fn counts(poll: &Poll) -> (Vec<i64>, i64, i64) {
    (poll.options.iter().map(|option| option.votes).collect(), poll.votes(), poll.voters)
}

#[test]
fn a_draft_has_as_many_choices_as_options_at_most() {
    let options = || {
        let texts = ["a", "b", "c"].map(|text| OptionText::parse(text).unwrap());
        PollOptions::parse(texts.to_vec()).unwrap()
    };
    for (given, most) in [(None, 1), (Some(1), 1), (Some(3), 3)] {
        assert_eq!(Poll::from(&PollDraft::new(options(), given).unwrap()).max_choices, most);
    }
    for bad in [0, -1, 4] {
        assert_eq!(PollDraft::new(options(), Some(bad)).unwrap_err().code, ViolationCode::OutOfRange);
    }
}

#[test]
fn a_poll_ends_in_the_future_and_within_a_year() {
    let ends = |closes_at| {
        let texts = ["a", "b"].map(|text| OptionText::parse(text).unwrap());
        let mut draft = PollDraft::new(PollOptions::parse(texts.to_vec()).unwrap(), None).unwrap();
        draft.closes_at = closes_at;
        draft.require_to_close_in_time(NOW).map_err(|error| error.field)
    };
    let micro = Duration::from_micros(1);
    for good in [None, Some(NOW.plus(micro)), Some(NOW.plus(YEAR))] {
        assert_eq!(ends(good), Ok(()), "{good:?}");
    }
    for bad in [NOW, NOW.minus(micro), NOW.plus(YEAR + micro)] {
        assert_eq!(ends(Some(bad)), Err("poll.closes_at".to_owned()), "{bad:?}");
    }
}

#[test]
fn votes_are_counted_and_so_are_voters() {
    let mut poll = Poll { max_choices: 2, ..poll() };
    assert_eq!(counts(&poll), (vec![0, 1], 1, 1));
    assert_eq!(poll.count(None, Choices::NONE, choices(&[1, 2])), []);
    assert_eq!(counts(&poll), (vec![1, 2], 3, 2));
    poll.count(None, choices(&[1, 2]), choices(&[1]));
    assert_eq!(counts(&poll), (vec![1, 1], 2, 2));
    poll.count(None, choices(&[1]), Choices::NONE);
    assert_eq!(counts(&poll), (vec![0, 1], 1, 1));
}

/// Whoever has answered has answered this question, though they think better of it.
#[test]
fn a_poll_was_voted_on_also_if_all_votes_are_taken_back() {
    let mut poll = Poll { voters: 0, told_at: None, ..poll() };
    assert!(!poll.was_voted_on());
    for (before, now) in [(Choices::NONE, choices(&[1])), (choices(&[1]), Choices::NONE)] {
        poll.count(Some(ME), before, now);
        poll.tell(NOW);
        assert!(poll.was_voted_on());
    }
    assert_eq!(poll.voters, 0);
}

#[test]
fn one_votes_for_options_that_there_are_and_not_for_too_many() {
    let poll = poll();
    assert_eq!(poll.require_choosable(choices(&[2])), Ok(()));
    assert_eq!(poll.require_choosable(choices(&[3])), Err(PollRefusal::UnknownOption));
    assert_eq!(poll.require_choosable(choices(&[1, 2])), Err(PollRefusal::TooManyChoices { max: 1 }));
}

#[test]
fn votes_are_told_twice_a_second_at_most_and_never_forgotten() {
    let mut poll = poll();
    assert!(poll.tell(NOW));
    assert_eq!(poll.due_at(), None);
    assert!(!poll.tell(NOW) && !poll.tell(NOW.plus(HALF_A_SECOND).minus(Duration::from_micros(1))));
    assert_eq!(poll.due_at(), Some(NOW.plus(HALF_A_SECOND)));
    assert!(poll.tell(NOW.plus(HALF_A_SECOND)));
    assert_eq!(poll.due_at(), None);
    // A clock that was ahead keeps nobody waiting.
    assert!(poll.tell(NOW));
    assert_eq!(poll.told_at, Some(NOW));
}

#[test]
fn a_clock_that_is_set_back_keeps_votes_waiting_no_longer_than_usual() {
    let micro = Duration::from_micros(1);
    let ahead = |by: Duration| Poll { told_at: Some(NOW.plus(by)), is_untold: true, ..poll() };
    // Another server's clock may be a little ahead.
    for near in [micro, HALF_A_SECOND - micro] {
        let poll = ahead(near);
        assert!(!poll.clone().tell(NOW) && !poll.is_due_at(NOW));
        let due_at = poll.due_at().unwrap();
        assert!(due_at <= NOW.plus(2 * HALF_A_SECOND) && poll.is_due_at(due_at));
    }
    for far in [HALF_A_SECOND, Duration::from_secs(3600)] {
        let poll = ahead(far);
        assert!(poll.clone().tell(NOW) && poll.is_due_at(NOW));
        let told = Poll { is_untold: false, ..poll.clone() };
        let closed = Poll { closed_at: Some(NOW), ..poll };
        assert!(!told.is_due_at(NOW) && !closed.is_due_at(NOW));
    }
}

#[test]
fn the_first_voters_are_shown_in_their_order() {
    let user = UserId::new;
    let mut poll = Poll { voters: 0, ..poll() };
    poll.options[1].votes = 0;
    for id in [9, 3, 7, 5, 1, 2] {
        assert_eq!(poll.count(Some(user(id)), Choices::NONE, choices(&[2])), []);
    }
    poll.count(None, Choices::NONE, choices(&[1]));
    let shown = |poll: &Poll, index: usize| -> Vec<i64> {
        poll.options[index].first_voters.iter().map(|user| user.get()).collect()
    };
    assert_eq!((shown(&poll, 0), shown(&poll, 1)), (vec![], vec![9, 3, 7, 5, 1]));
    // One who isn't shown is missed nowhere; one who is, where there are others.
    assert_eq!(poll.count(Some(user(2)), choices(&[2]), choices(&[1])), []);
    assert_eq!(poll.count(Some(user(3)), choices(&[2]), choices(&[1])), []);
    assert_eq!((shown(&poll, 0), shown(&poll, 1)), (vec![2, 3], vec![9, 7, 5, 1]));
    for (id, lacking) in [(8, vec![]), (6, vec![]), (9, vec![OptionId::new(2)])] {
        let (before, now) =
            if id == 9 { (choices(&[2]), Choices::NONE) } else { (Choices::NONE, choices(&[2])) };
        assert_eq!(poll.count(Some(user(id)), before, now), lacking);
    }
    assert_eq!(shown(&poll, 1), [7, 5, 1, 8]);
}

#[test]
fn what_is_due_first_is_told_or_closed() {
    let closes_at = NOW.plus(HALF_A_SECOND / 2);
    let mut poll = Poll { closes_at: Some(closes_at), ..poll() };
    assert_eq!(poll.due_at(), Some(closes_at));
    poll.tell(NOW);
    poll.tell(NOW);
    assert_eq!(poll.due_at(), Some(closes_at));
    poll.closes_at = Some(NOW.plus(HALF_A_SECOND * 4));
    assert_eq!(poll.due_at(), Some(NOW.plus(HALF_A_SECOND)));
    // Its end tells all that was not told.
    poll.close(NOW);
    assert_eq!((poll.due_at(), poll.is_untold, poll.closed_at), (None, false, Some(NOW)));
}

#[test]
fn a_poll_is_over_at_its_time_whoever_closes_it_then() {
    let mut poll = Poll { closes_at: Some(NOW), ..poll() };
    assert!(!poll.is_closed_at(NOW.minus(Duration::from_micros(1))));
    assert!(poll.is_closed_at(NOW));
    poll.close(NOW.plus(HALF_A_SECOND));
    assert_eq!(poll.closed_at, Some(NOW));
}

#[test]
fn an_option_is_added_once_and_there_are_twenty_at_most() {
    let mut poll = poll();
    let text = |text: &str| OptionText::parse(text).unwrap();
    assert_eq!(poll.add(&text("YES")), Ok(false));
    for nth in 2..MAX_OPTIONS {
        assert_eq!(poll.add(&text(&nth.to_string())), Ok(true));
    }
    assert_eq!(poll.add(&text("more")), Err(PollRefusal::TooManyOptions));
    assert_eq!(poll.add(&text("yes")), Ok(false), "one that is there is no mistake");
    assert_eq!(poll.ids().last(), Some(OptionId::new(20)));
}

#[test]
fn words_are_read_back() {
    for results in PollResults::ALL {
        assert_eq!(PollResults::parse(results.as_str()), Ok(*results));
    }
    for options_by in OptionsBy::ALL {
        assert_eq!(OptionsBy::parse(options_by.as_str()), Ok(*options_by));
    }
    assert!(PollResults::parse("never").is_err() && OptionsBy::parse("nobody").is_err());
}
