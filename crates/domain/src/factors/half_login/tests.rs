use mockall::predicate::eq;

use super::*;
use crate::testing::{ME, MockTx, NOW, assert_hands_faults_on, hash};

const TICKET: KeyHash = KeyHash::new([7; 32]);

fn half(failures: u32) -> HalfLogin {
    HalfLogin { user: ME, proven: hash("it"), refresh: false, device_name: None, failures }
}

#[test]
fn the_last_wrong_code_ends_it() {
    for failures in 0..MAX_WRONG_CODES {
        let counts = || {
            let mut tx = MockTx::new();
            if failures + 1 == MAX_WRONG_CODES {
                tx.half_logins.expect_remove().with(eq(TICKET)).times(1).returning(|_| Ok(true));
            } else {
                tx.half_logins.expect_count_failure().with(eq(TICKET)).times(1).returning(|_| Ok(()));
            }
            tx
        };
        assert_eq!(count_wrong_code(&mut counts(), &TICKET, &half(failures)), Ok(()));
        assert_hands_faults_on(counts, |tx| count_wrong_code(tx, &TICKET, &half(failures)));
    }
}

#[test]
fn one_of_a_clock_that_was_ahead_is_worth_nothing() {
    let span = valid_span(NOW);
    let holds = |at| span.contains(at);
    assert!(holds(NOW.plus(HALF_LOGIN_LIFETIME)) && !holds(NOW));
    assert!(!holds(NOW.plus(HALF_LOGIN_LIFETIME + SKEW + Duration::from_micros(1))));
}

#[test]
fn expired_ones_go_in_batches() {
    for (removed, more) in [(0, false), (499, false), (500, true)] {
        let removes = || {
            let mut tx = MockTx::new();
            let keep = Span { after: NOW.minus(SKEW), until: NOW.plus(IMPOSSIBLE) };
            let others = tx.half_logins.expect_remove_others().with(eq(keep), eq(REMOVE_BATCH));
            others.times(1).returning(move |_, _| Ok(removed));
            tx
        };
        assert_eq!(remove_expired_half_logins(&mut removes()), Ok(more));
        assert_hands_faults_on(removes, remove_expired_half_logins);
    }
}
