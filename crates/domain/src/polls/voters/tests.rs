use mockall::predicate::eq;

use super::*;
use crate::permissions::BuiltInRole;
use crate::polls::{Choices, FoundVoters, Poll, PollResults};
use crate::testing::{
    GROUP, ME, MESSAGE, MockTx, OTHER, assert_hands_faults_on, found_poll, group, me, poll, user,
};

const SECOND: OptionId = OptionId::new(2);

fn finds(poll: Poll, choices: Choices) -> MockTx {
    let tx = MockTx::new().finds_group(Some(group()), Some(BuiltInRole::Readonly));
    tx.finds_poll(Some(found_poll(OTHER, poll, choices)))
}

fn lists(poll: Poll, choices: Choices, found: FoundVoters) -> MockTx {
    let mut tx = finds(poll, choices);
    let query = VoterQuery { message: MESSAGE, option: SECOND, after: None, limit: one() };
    tx.polls.expect_voters().with(eq(query)).times(1).returning(move |_| Ok(found.clone()));
    tx
}

fn one() -> Limit {
    Limit::parse(1).unwrap()
}

fn list(tx: &mut dyn Tx, option: OptionId) -> Result<VoterPage, Error> {
    list_voters(tx, &me(), (GROUP, MESSAGE, option), None, one())
}

#[test]
fn whoever_is_shown_the_results_sees_who_votes_for_what() {
    let (both, none) = (vec![user(ME).as_ref(), user(OTHER).as_ref()], Vec::new());
    let found = FoundVoters { rows: both.clone(), looked_up_to: None };
    let page = list(&mut lists(poll(), Choices::NONE, found.clone()), SECOND).unwrap();
    assert_eq!(page, VoterPage { items: both[..1].to_vec(), next: Some(ME) });
    // Some were looked at in vain.
    let in_vain = FoundVoters { rows: none.clone(), looked_up_to: Some(OTHER) };
    let page = list(&mut lists(poll(), Choices::NONE, in_vain), SECOND).unwrap();
    assert_eq!(page, VoterPage { items: none, next: Some(OTHER) });
    let after_vote = Poll { results: PollResults::AfterVote, ..poll() };
    let mine = Choices::from_iter([SECOND]);
    assert!(list(&mut lists(after_vote, mine, found.clone()), SECOND).is_ok());
    assert_hands_faults_on(|| lists(poll(), Choices::NONE, found.clone()), |tx| list(tx, SECOND));
}

#[test]
fn nobody_else_does() {
    let hidden = |results| Poll { results, ..poll() };
    let mine = Choices::from_iter([SECOND]);
    for (poll, choices, option, refusal) in [
        (Poll { anonymous: true, ..poll() }, mine, SECOND, PollRefusal::Anonymous),
        (poll(), mine, OptionId::new(3), PollRefusal::UnknownOption),
        (hidden(PollResults::AfterVote), Choices::NONE, SECOND, PollRefusal::ResultsHidden),
        (hidden(PollResults::AfterClose), mine, SECOND, PollRefusal::ResultsHidden),
    ] {
        assert_eq!(list(&mut finds(poll, choices), option), Err(refusal.into()));
    }
}
