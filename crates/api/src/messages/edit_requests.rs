//! Request bodies and queries for editing and deleting messages, parsed into domain values.

use groupchat_domain::ids::Version;
use groupchat_domain::messages::MessageText;
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;

use super::unset::refuse_unset;
use crate::problem::ApiError;
use crate::wire::{Change, Fields, Given, Optional};

/// Changes to a message.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "MessageChanges")]
pub(super) struct MessageChangesDto {
    /// The new text: 1–10,000 characters.
    #[serde(default)]
    pub text: Change<MessageText>,
    /// The version that the message must have, so that nothing is overwritten that the caller has not seen.
    pub if_version: Optional<Version>,
    #[serde(default)]
    author_id: Given,
    #[serde(default)]
    created_at: Given,
    #[serde(default)]
    reactions: Given,
    #[serde(default)]
    thread_id: Given,
    #[serde(default)]
    thread: Given,
    #[serde(default)]
    reply_to: Given,
    #[serde(default)]
    client_id: Given,
    #[serde(default)]
    mentions: Given,
    #[serde(default)]
    pinned: Given,
    #[serde(default)]
    poll: Given,
    #[serde(default)]
    files: Given,
}

impl MessageChangesDto {
    /// The new text, where `None` keeps the one there is, and the version that the message must have.
    pub(crate) fn parse(self) -> Result<(Option<MessageText>, Option<Version>), ApiError> {
        let mut fields = Fields::new();
        let text = fields.changeable("text", self.text);
        let if_version = fields.optional("if_version", self.if_version);
        let fixed = [
            ("thread_id", self.thread_id),
            ("reply_to", self.reply_to),
            ("client_id", self.client_id),
            ("poll", self.poll),
        ];
        fields.fixed(fixed);
        refuse_unset!(fields, self);
        fields.finish()?;
        Ok((text, if_version))
    }
}

/// On what terms to delete a message.
#[derive(Deserialize, Apiv2Schema)]
pub(super) struct DeletionParams {
    /// The version that the message must have, so that nothing is deleted that the caller has not seen.
    if_version: Optional<Version>,
}

impl DeletionParams {
    /// The version that the message must have.
    pub(super) fn parse(self) -> Result<Option<Version>, ApiError> {
        let mut fields = Fields::new();
        let if_version = fields.optional("if_version", self.if_version);
        fields.finish()?;
        Ok(if_version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_without_a_text_keeps_it() {
        let parse = |json| serde_json::from_str::<MessageChangesDto>(json).unwrap().parse();
        assert_eq!(parse("{}").unwrap(), (None, None));
        assert!(parse(r#"{"text": null}"#).is_err());
    }

    #[test]
    fn a_version_is_a_number_from_one_on() {
        let parse = |json| serde_json::from_str::<MessageChangesDto>(json).unwrap().parse();
        assert_eq!(parse(r#"{"if_version": 3}"#).unwrap(), (None, Some(Version::new(3))));
        assert_eq!(parse(r#"{"if_version": null}"#).unwrap(), (None, None));
        assert!(parse(r#"{"if_version": 0}"#).is_err());
        let query = |query| serde_urlencoded::from_str::<DeletionParams>(query).unwrap().parse();
        assert_eq!(query("if_version=3").unwrap(), Some(Version::new(3)));
        assert_eq!(query("").unwrap(), None);
        assert!(query("if_version=0").is_err());
    }
}
