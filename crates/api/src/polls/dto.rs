//! Response bodies for polls.

use std::collections::HashMap;

use groupchat_domain::accounts::UserRef;
use groupchat_domain::events::PollUpdate;
use groupchat_domain::ids::{MessageId, UserId};
use groupchat_domain::polls::{
    Choices, FIRST_VOTERS, MAX_OPTIONS, OptionId, OptionText, OptionsBy, Poll, PollResults, PollView,
};
use paperclip::actix::Apiv2Schema;
use serde::Serialize;

use super::values::MaxChoices;
use crate::accounts::UserRefDto;
use crate::wire::{Count, Field, Items, Time};

/// A poll: the message's text is the question.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Poll")]
pub struct PollDto {
    /// The options, in the order in which they came.
    pub options: Items<PollOptionDto, MAX_OPTIONS>,
    /// How many options one may vote for.
    pub max_choices: Field<MaxChoices>,
    /// Whether nobody learns who votes for what.
    pub anonymous: Field<bool>,
    /// When the results are shown.
    pub results: Field<PollResults>,
    /// Who adds options.
    pub options_by: Field<OptionsBy>,
    /// When it closes by itself.
    pub closes_at: Option<Time>,
    /// When it was closed.
    pub closed_at: Option<Time>,
    /// The number of votes: whoever votes for two options has two. Null as long as the results are not shown to the caller.
    pub votes: Option<Field<Count>>,
    /// The number of users who have voted; null like `votes`.
    pub voters: Option<Field<Count>>,
    /// The ids of the options that the caller votes for; null in events, which are the same for everyone, and if the server
    /// can't tell for lack of a key.
    pub my_votes: Option<Field<Choices>>,
}

/// An option of a poll.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "PollOption")]
pub struct PollOptionDto {
    /// The option's id, unique in the poll: 1, 2, 3, …
    pub id: Field<OptionId>,
    /// What it says.
    pub text: Field<OptionText>,
    /// The number of users who vote for it; null as long as the results are not shown to the caller.
    pub votes: Option<Field<Count>>,
    /// The first of the users who vote for it, up to five, in the order in which they came. Null if the poll is anonymous, like
    /// `votes`, in events, and in responses about the poll alone.
    pub voters: Option<Items<UserRefDto, FIRST_VOTERS>>,
}

/// The voters with these ids, in the same order, as far as they are known.
fn voters(first: &[UserId], known: &HashMap<UserId, UserRef>) -> Items<UserRefDto, FIRST_VOTERS> {
    first.iter().filter_map(|id| known.get(id).cloned()).map(UserRefDto::from).collect()
}

impl PollDto {
    /// A poll as somebody sees it who has voted like this; as everybody sees it, if that is not said.
    pub(crate) fn seen(poll: Poll, choices: Option<Choices>) -> Self {
        Self::with_voters(poll, choices, None)
    }

    /// The same, with those of these who are first to vote for an option.
    pub(crate) fn with_voters(poll: Poll, choices: Option<Choices>, known: Option<Vec<UserRef>>) -> Self {
        let known: Option<HashMap<_, _>> =
            known.map(|users| users.into_iter().map(|user| (user.id, user)).collect());
        let shown = poll.shows_results(choices.is_some_and(|choices| !choices.is_empty()));
        let count = |count: i64| shown.then(|| count.into());
        let (votes, all_voters) = (count(poll.votes()), count(poll.voters));
        let option = |(index, option): (usize, groupchat_domain::polls::PollOption)| PollOptionDto {
            id: OptionId::at(index).into(),
            votes: count(option.votes),
            voters: known.as_ref().map(|known| voters(&option.first_voters, known)),
            text: option.text.into(),
        };
        Self {
            options: poll.options.into_iter().enumerate().map(option).collect(),
            max_choices: MaxChoices(poll.max_choices).into(),
            anonymous: poll.anonymous.into(),
            results: poll.results.into(),
            options_by: poll.options_by.into(),
            closes_at: poll.closes_at.map(Time::from),
            closed_at: poll.closed_at.map(Time::from),
            votes,
            voters: all_voters,
            my_votes: choices.map(Field),
        }
    }
}

impl From<PollView> for PollDto {
    fn from(view: PollView) -> Self {
        let choices = view.choices();
        Self::seen(view.poll, choices)
    }
}

/// A poll that has changed.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "PollUpdate")]
pub(crate) struct PollUpdateDto {
    /// The message that it is.
    pub message_id: Field<MessageId>,
    /// The poll. Counts are null unless everybody is shown the results.
    pub poll: PollDto,
}

impl From<PollUpdate> for PollUpdateDto {
    fn from(update: PollUpdate) -> Self {
        Self { message_id: update.message.into(), poll: PollDto::seen(update.poll, None) }
    }
}

/// A user who votes for an option.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Voter")]
pub(super) struct VoterDto {
    /// The user.
    pub user: UserRefDto,
}

impl From<UserRef> for VoterDto {
    fn from(user: UserRef) -> Self {
        Self { user: user.into() }
    }
}

#[cfg(test)]
mod tests {
    use groupchat_domain::polls::{PollDraft, PollOptions};
    use groupchat_domain::time::Timestamp;
    use serde_json::{Value, json};

    use super::*;

    /// A poll in which one has voted for its second option.
    fn poll(results: PollResults) -> Poll {
        let texts = ["yes", "no"].map(|text| OptionText::parse(text).unwrap());
        let draft = PollDraft::new(PollOptions::parse(texts.to_vec()).unwrap(), None).unwrap();
        let mut poll = Poll { results, ..Poll::from(&draft) };
        (poll.options[1].votes, poll.voters) = (1, 1);
        poll
    }

    #[test]
    fn voters_are_shown_in_their_order_if_it_is_known_who_they_are() {
        let mut open = poll(PollResults::Always);
        open.options[1].first_voters = [7, 3, 9].map(UserId::new).to_vec();
        let user = |id| UserRef { id: UserId::new(id), username: None, display_name: None };
        let ids = |known: Option<Vec<UserRef>>| {
            let shown = serde_json::to_value(PollDto::with_voters(open.clone(), None, known)).unwrap();
            let voters = shown["options"].as_array().unwrap().iter().map(|option| match &option["voters"] {
                Value::Array(voters) => voters.iter().map(|voter| voter["id"].clone()).collect(),
                hidden => hidden.clone(),
            });
            voters.collect::<Value>()
        };
        assert_eq!(ids(Some(vec![user(3), user(7)])), json!([[], [7, 3]]));
        assert_eq!(ids(None), json!([null, null]));
    }

    fn votes(poll: Poll, choices: Option<Choices>) -> Value {
        let shown = serde_json::to_value(PollDto::seen(poll, choices)).unwrap();
        let options = shown["options"].as_array().unwrap();
        let counts: Vec<_> = options.iter().map(|option| &option["votes"]).collect();
        json!([counts, shown["votes"], shown["voters"], shown["my_votes"]])
    }

    #[test]
    fn results_are_shown_when_the_poll_says() {
        let (nobody, nothing, mine) = (None, Some(Choices::NONE), Some(Choices::from_stored(2)));
        let shown = |votes| json!([[0, 1], 1, 1, votes]);
        let hidden = |votes| json!([[null, null], null, null, votes]);
        let closed = |results| Poll { closed_at: Some(Timestamp::from_micros(1)), ..poll(results) };
        for results in PollResults::ALL {
            assert_eq!(votes(closed(*results), nobody), shown(json!(null)));
            assert_eq!(votes(closed(*results), nothing), shown(json!([])));
        }
        assert_eq!(votes(poll(PollResults::Always), nobody), shown(json!(null)));
        assert_eq!(votes(poll(PollResults::AfterVote), nobody), hidden(json!(null)));
        assert_eq!(votes(poll(PollResults::AfterVote), nothing), hidden(json!([])));
        assert_eq!(votes(poll(PollResults::AfterVote), mine), shown(json!([2])));
        assert_eq!(votes(poll(PollResults::AfterClose), mine), hidden(json!([2])));
    }
}
