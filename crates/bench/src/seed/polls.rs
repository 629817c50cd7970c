//! A poll in each group with many messages.

use groupchat_domain::ids::{GroupId, MessageId};
use groupchat_domain::messages::{self, MessageDraft, MessageText};
use groupchat_domain::polls::{OptionText, PollDraft, PollOptions};
use groupchat_domain::storage::{Storage, Tx};

use super::{SignedIn, WRITE, busy_groups};
use crate::error::BenchError;

/// Asks something new in each of the busy groups, as this user.
///
/// # Errors
/// The storage failed.
pub(crate) async fn ask(
    storage: &dyn Storage,
    author: &SignedIn,
) -> Result<Vec<(GroupId, MessageId)>, BenchError> {
    let mut asked = Vec::new();
    for view in busy_groups(storage, author).await? {
        let (group, actor) = (view.group.id, author.actor.clone());
        let send = move |tx: &mut dyn Tx| Ok(messages::send(tx, &actor, &question(group))?.view.message.id);
        asked.push((group, storage.run(WRITE, send).await?));
    }
    Ok(asked)
}

fn question(group: GroupId) -> MessageDraft {
    let options = ["On Tuesday", "On Thursday"].map(|text| OptionText::from_stored(text.to_owned()));
    let options = PollOptions::parse(options.to_vec()).expect("there are two, and they differ");
    let poll = PollDraft::new(options, None).expect("one of two may be chosen");
    MessageDraft {
        group,
        text: MessageText::from_stored("When?".to_owned()),
        client_id: None,
        thread: None,
        reply_to: None,
        poll: Some(poll),
    }
}
