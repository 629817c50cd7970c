//! The format in which a text is read.

mod html;

use groupchat_domain::messages::MessageView;
use groupchat_domain::paging::{Limit, Page};
use groupchat_domain::text::TextBytes;
use groupchat_domain::validation::{Violation, one_of};
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;
use serde_json::json;

pub use html::{render as render_html, render_message as render_message_html};

use super::dto::MessageDto;
use super::values::Html;
use crate::problem::ApiError;
use crate::wire::{CursorText, Fields, List, ListCursor, Optional, text_values};

/// The bytes of text of a page with HTML: at most 13 messages of the kind that takes longest.
const MAX_TEXT: usize = 128 << 10;

/// The formats in which the text of a message can be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum MessageFormat {
    /// As it was written.
    #[default]
    Text,
    /// As HTML, too.
    Html,
}

impl MessageFormat {
    /// Every format.
    pub(crate) const ALL: [Self; 2] = [Self::Text, Self::Html];

    /// Its name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Html => "html",
        }
    }

    /// The format of this name.
    ///
    /// # Errors
    /// There is no such format.
    pub(crate) fn parse(text: &str) -> Result<Self, Violation> {
        one_of(&Self::ALL, Self::as_str, text)
    }

    /// What a page in this format may hold: HTML takes time to make, and is larger than its text.
    pub(crate) fn limit(self, limit: Limit) -> Limit {
        match self {
            Self::Text => limit,
            Self::Html => limit.within(MAX_TEXT),
        }
    }

    /// A message in this format.
    pub(crate) fn of(self, view: MessageView) -> Formatted {
        let html = match self {
            Self::Text => None,
            Self::Html => html::render_message(&view.message),
        };
        Formatted { view, html }
    }

    /// A page of messages in this format.
    pub(super) fn of_page(self, items: Vec<MessageView>, next: Option<ListCursor>) -> FormattedPage {
        FormattedPage { items: items.into_iter().map(|view| self.of(view)).collect(), next }
    }

    /// A page of a list of messages in this format.
    pub(super) fn of_list(self, page: Page<MessageView>) -> Page<Formatted> {
        Page { items: page.items.into_iter().map(|view| self.of(view)).collect(), more: page.more }
    }
}

text_values! {
    MessageFormat => json!({
        "enum": MessageFormat::ALL.map(MessageFormat::as_str),
        "example": MessageFormat::Html.as_str(),
    });
}

/// A message as a reader asked for it.
#[derive(Debug)]
pub(crate) struct Formatted {
    /// The message.
    pub view: MessageView,
    html: Option<String>,
}

impl TextBytes for Formatted {
    fn text_bytes(&self) -> usize {
        self.view.text_bytes() + self.html.text_bytes()
    }
}

impl From<Formatted> for MessageDto {
    fn from(Formatted { view, html }: Formatted) -> Self {
        Self { html: html.map(|html| Html(html).into()), ..view.into() }
    }
}

/// A page of such messages.
#[derive(Debug)]
pub(super) struct FormattedPage {
    /// The newest first.
    pub items: Vec<Formatted>,
    /// Where reading goes on.
    pub next: Option<ListCursor>,
}

impl TextBytes for FormattedPage {
    fn text_bytes(&self) -> usize {
        self.items.iter().map(Formatted::text_bytes).sum()
    }
}

/// How to show a single message.
#[derive(Deserialize, Apiv2Schema)]
pub(super) struct MessageParams {
    /// The format of the text. With `html`, the message has its text as HTML, too; `text` is the default.
    format: Optional<MessageFormat>,
}

impl MessageParams {
    pub(super) fn parse(self) -> Result<MessageFormat, ApiError> {
        let mut fields = Fields::new();
        let format = fields.optional("format", self.format);
        fields.finish()?;
        Ok(format.unwrap_or_default())
    }
}

/// Which pinned messages to list, and how.
#[derive(Deserialize, Apiv2Schema)]
pub(super) struct PinListParams {
    /// The maximum number of items: 1–200, by default 50.
    limit: Optional<Limit>,
    /// The `next` of the previous page.
    cursor: Optional<CursorText>,
    /// The format of the texts. With `html`, each message has its text as HTML, too; `text` is the default.
    format: Optional<MessageFormat>,
}

impl PinListParams {
    pub(super) fn parse(self, list: List) -> Result<(Limit, Option<ListCursor>, MessageFormat), ApiError> {
        let mut fields = Fields::new();
        let limit = fields.limit(self.limit);
        let cursor = fields.cursor(list, &self.cursor);
        let format = fields.optional("format", self.format).unwrap_or_default();
        fields.finish()?;
        Ok((format.limit(limit), cursor, format))
    }
}
