//! The rows of polls.

use diesel::prelude::*;
use groupchat_domain::ids::{MessageId, UserId};
use groupchat_domain::polls::{OptionText, Poll, PollOption};
use groupchat_domain::secrets::{Sealed, SecretKeyId};
use groupchat_domain::time::Timestamp;

use crate::schema::polls;
use crate::sql::stored::{StoredOptionsBy, StoredPollResults};

/// A poll.
#[derive(Queryable, Selectable)]
#[diesel(table_name = polls)]
pub(super) struct PollRow {
    message_id: i64,
    options: String,
    counts: String,
    max_choices: i64,
    results: StoredPollResults,
    options_by: StoredOptionsBy,
    closes_at: Option<i64>,
    closed_at: Option<i64>,
    voters: i64,
    told_at: Option<i64>,
    is_untold: bool,
    key_id: Option<i64>,
    secret: Option<Vec<u8>>,
    first_voters: Option<String>,
}

/// A poll with its message and, if it is anonymous, its key.
pub(super) struct StoredPoll {
    pub(super) message: MessageId,
    pub(super) poll: Poll,
    pub(super) secret: Option<Sealed>,
}

impl From<PollRow> for StoredPoll {
    fn from(row: PollRow) -> Self {
        let secret = row.key_id.zip(row.secret);
        let secret = secret.map(|(key, bytes)| Sealed { key: key_of(key), bytes });
        let poll = Poll {
            options: options(&row.options, &row.counts, row.first_voters.as_deref()),
            max_choices: row.max_choices,
            anonymous: secret.is_some(),
            results: row.results.0,
            options_by: row.options_by.0,
            closes_at: row.closes_at.map(Timestamp::from_micros),
            closed_at: row.closed_at.map(Timestamp::from_micros),
            voters: row.voters,
            told_at: row.told_at.map(Timestamp::from_micros),
            is_untold: row.is_untold,
        };
        Self { message: MessageId::new(row.message_id), poll, secret }
    }
}

/// The schema keeps ids of keys in these bounds.
pub(super) fn key_of(id: i64) -> SecretKeyId {
    SecretKeyId::new(u32::try_from(id).unwrap_or(u32::MAX))
}

/// What stands for no voters.
const NOBODY: &str = "-";

/// The options of these lines with these counts and first voters. A count that can't be read is damage, and stands for no
/// votes, and so is a voter, who is left out.
fn options(lines: &str, counts: &str, voters: Option<&str>) -> Vec<PollOption> {
    let counts = counts.split(' ').map(|count| count.parse().unwrap_or(0)).chain(std::iter::repeat(0));
    let voters = stored_voters(voters).into_iter().chain(std::iter::repeat_with(Vec::new));
    let option = |((line, votes), voters): ((&str, i64), Vec<i64>)| PollOption {
        text: OptionText::from_stored(line.to_owned()),
        votes,
        first_voters: voters.into_iter().map(UserId::new).collect(),
    };
    lines.split('\n').zip(counts).zip(voters).map(option).collect()
}

/// The first voters of a poll as they are stored.
pub(super) fn voters_of(poll: &Poll) -> Option<String> {
    voters_column(
        poll.options.iter().map(|option| option.first_voters.iter().map(|user| user.get()).collect()),
    )
}

/// First voters as they are stored, up to the last option that has some; `None` where none has.
pub(crate) fn voters_column(voters: impl Iterator<Item = Vec<i64>>) -> Option<String> {
    let list = |ids: Vec<i64>| {
        let ids: Vec<_> = ids.iter().map(i64::to_string).collect();
        if ids.is_empty() { NOBODY.to_owned() } else { ids.join(",") }
    };
    let lists: Vec<_> = voters.map(list).collect();
    let end = lists.iter().rposition(|list| list != NOBODY)?;
    Some(lists[..=end].join(" "))
}

/// The first voters of each option that are stored like this.
pub(crate) fn stored_voters(column: Option<&str>) -> Vec<Vec<i64>> {
    let lists = column.into_iter().flat_map(|column| column.split(' '));
    lists.map(|list| list.split(',').filter_map(|id| id.parse().ok()).collect()).collect()
}

/// The options as they are stored.
pub(super) fn options_column(poll: &Poll) -> String {
    let lines: Vec<_> = poll.options.iter().map(|option| option.text.as_str()).collect();
    lines.join("\n")
}

/// The counts of a poll as they are stored.
pub(super) fn counts_of(poll: &Poll) -> String {
    counts_column(poll.options.iter().map(|option| option.votes))
}

/// Counts as they are stored.
pub(crate) fn counts_column(counts: impl Iterator<Item = i64>) -> String {
    counts.map(|count| count.to_string()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(lines: &str, counts: &str) -> Vec<(String, i64)> {
        let options = options(lines, counts, None);
        options.into_iter().map(|option| (option.text.into_string(), option.votes)).collect()
    }

    #[test]
    fn options_and_counts_are_in_the_same_order() {
        let found = shown("yes\nno, never", "3 12");
        assert_eq!(found, [("yes".to_owned(), 3), ("no, never".to_owned(), 12)]);
        assert_eq!(counts_column([3, 12].into_iter()), "3 12");
    }

    #[test]
    fn first_voters_are_in_the_order_of_options() {
        let found = options("yes\nno\nmaybe\nnever", "2 0 1 0", Some("7,3 - 12"));
        let voters: Vec<_> = found.into_iter().map(|option| option.first_voters).collect();
        assert_eq!(voters, [vec![UserId::new(7), UserId::new(3)], vec![], vec![UserId::new(12)], vec![]]);
        assert_eq!(voters_column([vec![7, 3], vec![], vec![12]].into_iter()).as_deref(), Some("7,3 - 12"));
        assert_eq!(voters_column([vec![7], vec![], vec![]].into_iter()).as_deref(), Some("7"));
        assert_eq!(voters_column([vec![], vec![]].into_iter()), None);
        assert_eq!(stored_voters(Some("7,3 - 12")), [vec![7, 3], vec![], vec![12]]);
    }

    #[test]
    fn damage_takes_no_option_away() {
        for counts in ["3", "3 x", "", "3 0 7"] {
            assert_eq!(shown("yes\nno", counts).len(), 2, "{counts}");
        }
    }
}
