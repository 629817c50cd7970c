//! The databases on which hostile clients are let loose: who is there, and what there is to read.

use std::path::Path;

use groupchat_domain::groups::{self, GroupDraft, GroupName, Quotas};
use groupchat_domain::ids::GroupId;
use groupchat_domain::messages::{self, MessageDraft, MessageText};
use groupchat_domain::storage::{Storage, Tx};

use super::args::AttackScenario;
use crate::database::Database;
use crate::error::BenchError;
use crate::location::DatabaseLocation;
use crate::seed::{self, SignedIn, WRITE};

/// Those who do no harm, all of them members of one group.
pub(super) const BYSTANDERS: usize = 8;
/// Those who do.
pub(super) const HOSTILE: usize = 10;
/// The largest text: as many characters as a message may have, each of four bytes.
const LARGEST: usize = 10_000;
/// The largest messages there are to read: those of the largest page.
const PAGE: usize = 200;
/// The largest messages there are to resume from the beginning.
const HISTORY: usize = 1_000;
/// Messages in the group of the bystanders.
const CALM: usize = 500;
/// How many of the largest messages a command writes.
const MESSAGES_PER_COMMAND: usize = 50;
/// Groups to search among, and how many of them a user owns.
const GROUPS: usize = 30_000;
const GROUPS_EACH: usize = 100;

/// A database that is ready.
#[derive(Debug)]
pub(super) struct Stage {
    /// Those who do no harm.
    pub bystanders: Vec<SignedIn>,
    /// Those who do.
    pub hostile: Vec<SignedIn>,
    /// The group of the bystanders, with messages as people write them.
    pub calm: GroupId,
    /// The group of the hostile users, with the largest messages.
    pub loud: GroupId,
}

impl Stage {
    /// Makes a database for a scenario.
    ///
    /// # Errors
    /// It can't be written.
    pub(super) async fn prepare(scenario: AttackScenario, data_dir: &Path) -> Result<Self, BenchError> {
        let database = Database::open(&DatabaseLocation::Directory(data_dir.to_owned()))?;
        let storage = database.storage();
        let users = users(storage, scenario).await?;
        let (bystanders, rest) = users.split_at(BYSTANDERS);
        let (hostile, owners) = rest.split_at(HOSTILE);
        let calm = seed::ensure_group(storage, "Calm Room", &bystanders[0], bystanders).await?;
        write(storage, &bystanders[0], calm, &seed::message_text(1), CALM).await?;
        let loud = seed::ensure_group(storage, "Loud Room", &hostile[0], hostile).await?;
        write(storage, &hostile[0], loud, &largest_text(), largest_messages(scenario)).await?;
        for (number, owner) in owners.iter().enumerate() {
            own_groups(storage, owner, number * GROUPS_EACH).await?;
        }
        let stage = Self { bystanders: bystanders.to_vec(), hostile: hostile.to_vec(), calm, loud };
        database.close();
        Ok(stage)
    }
}

async fn users(storage: &dyn Storage, scenario: AttackScenario) -> Result<Vec<SignedIn>, BenchError> {
    let owners = if scenario == AttackScenario::Searches { GROUPS / GROUPS_EACH } else { 0 };
    let users = seed::ensure_users(storage, BYSTANDERS + HOSTILE + owners).await?;
    seed::sign_in(storage, &users).await
}

const fn largest_messages(scenario: AttackScenario) -> usize {
    match scenario {
        AttackScenario::UnreadAnswers | AttackScenario::UnreadAnswersOfMany | AttackScenario::FastReaders => {
            PAGE
        }
        AttackScenario::UnreadSockets => HISTORY,
        _ => 0,
    }
}

/// As many bytes as a message may have.
pub(super) fn largest_text() -> String {
    "😀".repeat(LARGEST)
}

/// Writes one text over and over.
async fn write(
    storage: &dyn Storage,
    author: &SignedIn,
    group: GroupId,
    text: &str,
    count: usize,
) -> Result<(), BenchError> {
    let draft = MessageDraft {
        group,
        text: MessageText::from_stored(text.to_owned()),
        client_id: None,
        thread: None,
        reply_to: None,
        poll: None,
    };
    for from in (0..count).step_by(MESSAGES_PER_COMMAND) {
        let (draft, actor, steps) = (draft.clone(), author.actor.clone(), count - from);
        let send = move |tx: &mut dyn Tx| {
            (0..steps.min(MESSAGES_PER_COMMAND))
                .try_for_each(|_| messages::send(tx, &actor, &draft).map(drop))
        };
        storage.run(WRITE, send).await?;
    }
    Ok(())
}

/// Makes the groups of one owner, from a number on.
async fn own_groups(storage: &dyn Storage, owner: &SignedIn, from: usize) -> Result<(), BenchError> {
    let actor = owner.actor.clone();
    let create = move |tx: &mut dyn Tx| {
        (from..from + GROUPS_EACH).try_for_each(|number| {
            let name = GroupName::from_stored(group_name(number));
            let draft = GroupDraft::named(name);
            groups::create(tx, &actor, &draft, &Quotas::UNLIMITED).map(drop)
        })
    };
    Ok(storage.run(WRITE, create).await?)
}

/// A name that nearly holds what one of the [`dear_searches`] looks for, from almost every one of its letters on, or of
/// its ligatures: U+FDFA is 18 characters when it is folded, so that a short name becomes a long key.
fn group_name(number: usize) -> String {
    let run = if number.is_multiple_of(2) { "a".repeat(95) } else { "\u{fdfa}".repeat(10) };
    format!("{run}{number:05}")
}

/// Searches that compare as much of each name as one can, and find nothing.
pub(super) fn dear_searches() -> [String; 2] {
    ["a".repeat(47), "\u{fdfa}".repeat(5)].map(|run| run + "b")
}

#[cfg(test)]
mod tests {
    use groupchat_domain::search::SearchText;

    use super::*;

    #[test]
    fn names_and_texts_are_those_that_the_server_takes() {
        assert!(MessageText::parse(&largest_text()).is_ok());
        for number in [0, 1, GROUPS - 1] {
            assert!(GroupName::parse(&group_name(number)).is_ok(), "{number}");
            for search in dear_searches() {
                assert!(SearchText::parse(&search).is_ok());
                assert!(!group_name(number).contains(&search));
            }
        }
    }
}
