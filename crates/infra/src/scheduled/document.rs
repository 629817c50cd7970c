//! What is to be sent later, as it is stored: one JSON document, so that what a message can have besides needs no column.

use groupchat_domain::ids::{GroupId, MessageId};
use groupchat_domain::messages::{ClientId, MessageDraft, MessageText};
use groupchat_domain::polls::{OptionText, OptionsBy, PollDraft, PollOptions, PollResults};
use groupchat_domain::time::Timestamp;
use groupchat_domain::validation::Violation;
use serde::{Deserialize, Serialize};

/// A message to send. A field that is added is optional: the documents that are stored lack it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    /// As it was typed: whom it mentions is looked up when it is sent.
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    thread: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply_to: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    poll: Option<PollDocument>,
}

/// The poll that it is to be.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PollDocument {
    options: Vec<String>,
    max_choices: i64,
    anonymous: bool,
    results: String,
    options_by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closes_at: Option<i64>,
}

impl From<&PollDraft> for PollDocument {
    fn from(poll: &PollDraft) -> Self {
        Self {
            options: poll.options().iter().map(|text| text.as_str().to_owned()).collect(),
            max_choices: poll.max_choices(),
            anonymous: poll.anonymous,
            results: poll.results.as_str().to_owned(),
            options_by: poll.options_by.as_str().to_owned(),
            closes_at: poll.closes_at.map(Timestamp::as_micros),
        }
    }
}

impl TryFrom<PollDocument> for PollDraft {
    type Error = Violation;

    fn try_from(document: PollDocument) -> Result<Self, Violation> {
        let options =
            document.options.iter().map(|text| OptionText::parse(text)).collect::<Result<_, _>>()?;
        let mut poll = Self::new(PollOptions::parse(options)?, Some(document.max_choices))?;
        poll.anonymous = document.anonymous;
        poll.results = PollResults::parse(&document.results)?;
        poll.options_by = OptionsBy::parse(&document.options_by)?;
        poll.closes_at = document.closes_at.map(Timestamp::from_micros);
        Ok(poll)
    }
}

/// The document of a message. Its group and its client id are in columns.
pub(super) fn write(draft: &MessageDraft) -> serde_json::Result<String> {
    serde_json::to_string(&Document {
        text: draft.text.as_str().to_owned(),
        thread: draft.thread.map(MessageId::get),
        reply_to: draft.reply_to.map(MessageId::get),
        poll: draft.poll.as_ref().map(PollDocument::from),
    })
}

/// The message that a document has.
///
/// # Errors
/// A document that this program doesn't write, in words.
pub(super) fn read(
    document: &str,
    group: GroupId,
    client_id: Option<ClientId>,
) -> Result<MessageDraft, String> {
    let document: Document = serde_json::from_str(document).map_err(|error| error.to_string())?;
    let text = MessageText::parse(&document.text).map_err(|violation| violation.detail.to_string())?;
    let (thread, reply_to) = (document.thread.map(MessageId::new), document.reply_to.map(MessageId::new));
    let poll = document.poll.map(PollDraft::try_from).transpose();
    let poll = poll.map_err(|violation| violation.detail.to_string())?;
    Ok(MessageDraft { group, text, client_id, thread, reply_to, poll })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_back_as_it_was_with_its_mentions() {
        let group = GroupId::new(7);
        let text = MessageText::parse("@ada \"look\"\n@here").unwrap();
        let bare = MessageDraft { group, text, client_id: None, thread: None, reply_to: None, poll: None };
        let full = MessageDraft {
            client_id: ClientId::parse("hello-1").ok(),
            thread: Some(MessageId::new(3)),
            reply_to: Some(MessageId::new(4)),
            ..bare.clone()
        };
        let options = ["now", "later"].map(|text| OptionText::parse(text).unwrap());
        let mut poll = PollDraft::new(PollOptions::parse(options.to_vec()).unwrap(), Some(2)).unwrap();
        (poll.anonymous, poll.results) = (true, PollResults::AfterClose);
        (poll.options_by, poll.closes_at) = (OptionsBy::Members, Some(Timestamp::from_micros(7)));
        let asking = MessageDraft { poll: Some(poll), ..bare.clone() };
        for draft in [bare, full, asking] {
            let read = read(&write(&draft).unwrap(), group, draft.client_id.clone()).unwrap();
            assert_eq!(read.text.mention_count(), draft.text.mention_count());
            assert_eq!(read, draft);
        }
    }

    #[test]
    fn a_document_of_a_newer_program_is_no_message() {
        for stored in ["", "{}", r#"{"text": ""}"#, r#"{"text": "hi", "files": [1]}"#] {
            assert!(read(stored, GroupId::new(7), None).is_err(), "{stored}");
        }
    }
}
