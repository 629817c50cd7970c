//! Message texts as HTML: CommonMark with tables, strikethrough and bare links.
//!
//! The output is safe by construction: it consists of the elements that [`Writer::open`] names, whose attributes are
//! made here, and of escaped text. Raw HTML is text. Links lead to `http`, `https` and `mailto` only. Pictures become
//! links to them, so that showing a message makes no request. There are no `style` attributes, which a strict
//! Content-Security-Policy would reject. Depth and size are limited, so that a text can't make a browser or a server
//! work much longer than its length explains.

use std::iter::Peekable;
use std::ops::Range;
use std::vec;

use groupchat_domain::messages::{Attachments, Mark, MarkTarget, Message, find_marks, markdown, shown_name};
use linkify::{LinkFinder, LinkKind};
use pulldown_cmark::{Alignment, CodeBlockKind, Event, HeadingLevel, LinkType, Tag};
use pulldown_cmark_escape::{escape_href, escape_html_body_text};

/// How many elements of the text can be nested; what is deeper is shown at this depth, apart from tables, code and bare
/// links. Browsers stop at 512.
const MAX_DEPTH: usize = 32;

/// The bytes of HTML of one message. A text that would become longer is shown as it was written: tables and reference
/// definitions can make megabytes of ten kilobytes.
const MAX_LENGTH: usize = 100_000;

/// Renders a message text as HTML, in a time that is linear in its length.
pub fn render(text: &str) -> String {
    render_with(text, Vec::new())
}

/// The text of a message as HTML, with whom it mentions as spans; `None` once it is deleted.
pub fn render_message(message: &Message) -> Option<String> {
    let text = message.text.as_ref()?.as_str();
    let mentions = if message.attachments.mention() { Mention::all(message, text) } else { Vec::new() };
    Some(render_with(text, mentions))
}

fn render_with(text: &str, mentions: Vec<Mention>) -> String {
    let Some(events) = markdown(text) else { return unformatted(text) };
    let mut writer = Writer::new(text.len(), mentions);
    for (event, range) in events {
        match event {
            Event::Text(piece) => writer.piece(&piece, range, text),
            event => writer.event(event),
        }
        if writer.html.len() > MAX_LENGTH {
            return unformatted(text);
        }
    }
    let html = writer.finish();
    // Nothing but definitions of links.
    if html.is_empty() { unformatted(text) } else { html }
}

/// A part of the text that mentions somebody.
struct Mention {
    range: Range<usize>,
    html: String,
}

impl Mention {
    /// The mentions of a text, in their order.
    fn all(message: &Message, text: &str) -> Vec<Self> {
        let marks = find_marks(text).into_iter();
        marks
            .filter_map(|mark| Some(Self { html: Self::html(message, &mark, text)?, range: mark.range }))
            .collect()
    }

    /// The span of a mark, if somebody is mentioned by it.
    fn html(message: &Message, mark: &Mark, text: &str) -> Option<String> {
        let typed = || text[mark.range.clone()].to_owned();
        let (user, shown) = match mark.of {
            MarkTarget::Id(id) => {
                let user = message.mentioned.iter().find(|user| user.id == id)?;
                let name = shown_name(user);
                (Some(id), format!("@{name}"))
            }
            MarkTarget::All if message.attachments.contain(Attachments::ALL) => (None, typed()),
            MarkTarget::Here if message.attachments.contain(Attachments::HERE) => (None, typed()),
            _ => return None,
        };
        let mut html = match user {
            Some(id) => format!("<span class=\"mention\" data-user-id=\"{id}\">"),
            None => "<span class=\"mention\">".to_owned(),
        };
        push_escaped(&mut html, &shown);
        html.push_str("</span>");
        Some(html)
    }
}

/// The text as it was written, in one paragraph.
fn unformatted(text: &str) -> String {
    let mut html = String::from("<p>");
    for (number, line) in text.lines().enumerate() {
        if number > 0 {
            html.push_str("<br>\n");
        }
        push_escaped(&mut html, line);
    }
    html.push_str("</p>\n");
    html
}

fn push_escaped(html: &mut String, text: &str) {
    // Writing into a string doesn't fail.
    let _ = escape_html_body_text(html, text);
}

/// Writes the events of the parser as HTML.
struct Writer {
    html: String,
    /// What closes each open element of the text; empty for one that is shown without an element.
    closers: Vec<&'static str>,
    /// Where the link that is open leads, and where its text begins. A link in another one is text.
    link: Option<(String, usize)>,
    /// Whether this is a block of code, where nothing is a link.
    is_code: bool,
    table: Table,
    finder: LinkFinder,
    /// The mentions that are still to be written, in the order of the text.
    mentions: Peekable<vec::IntoIter<Mention>>,
    /// Where the last one of those that were written ends.
    mentioned_until: usize,
    /// Text of which more may come.
    pending: String,
}

/// The table that is being written. Tables don't nest.
#[derive(Default)]
struct Table {
    alignments: Vec<Alignment>,
    is_head: bool,
    column: usize,
}

impl Writer {
    /// For a text of this many bytes, with these mentions.
    fn new(length: usize, mentions: Vec<Mention>) -> Self {
        let mut finder = LinkFinder::new();
        finder.url_must_have_scheme(true);
        Self {
            html: String::with_capacity(length * 2),
            closers: Vec::new(),
            link: None,
            is_code: false,
            table: Table::default(),
            finder,
            mentions: mentions.into_iter().peekable(),
            mentioned_until: 0,
            pending: String::new(),
        }
    }

    fn event(&mut self, event: Event<'_>) {
        self.flush();
        match event {
            Event::Start(tag) => {
                self.is_code = matches!(tag, Tag::CodeBlock(_));
                let closer = self.open(&tag);
                self.closers.push(closer);
            }
            Event::End(_) => {
                self.is_code = false;
                self.close();
            }
            Event::Text(text) => self.text(&text),
            Event::Code(text) => self.code(&text),
            // A new line of the writer's is a new line of the reader's, as people expect of a chat.
            Event::SoftBreak | Event::HardBreak => self.html.push_str("<br>\n"),
            Event::Rule => self.html.push_str("<hr>\n"),
            Event::Html(text) => self.html_block(&text),
            // Of the remaining ones only raw HTML is enabled.
            Event::InlineHtml(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text)
            | Event::FootnoteReference(text) => push_escaped(&mut self.html, &text),
            Event::TaskListMarker(_) => {}
        }
    }

    /// Opens the element of a tag, if it has one, and returns what closes it.
    fn open(&mut self, tag: &Tag<'_>) -> &'static str {
        // Whatever the depth, a table keeps its form.
        match tag {
            Tag::Table(alignments) => return self.open_table(alignments),
            Tag::TableHead => return self.open_row(true),
            Tag::TableRow => return self.open_row(false),
            Tag::TableCell => return self.open_cell(),
            _ if self.closers.len() >= MAX_DEPTH => return "",
            _ => {}
        }
        let (opener, closer) = match tag {
            Tag::Paragraph | Tag::HtmlBlock => ("<p>", "</p>\n"),
            Tag::Heading { level, .. } => heading(*level),
            Tag::BlockQuote(_) => ("<blockquote>\n", "</blockquote>\n"),
            Tag::List(None) => ("<ul>\n", "</ul>\n"),
            Tag::List(Some(1)) => ("<ol>\n", "</ol>\n"),
            Tag::Item => ("<li>", "</li>\n"),
            Tag::Emphasis => ("<em>", "</em>"),
            Tag::Strong => ("<strong>", "</strong>"),
            Tag::Strikethrough => ("<del>", "</del>"),
            Tag::List(Some(first)) => return self.open_list(*first),
            Tag::CodeBlock(kind) => return self.open_code_block(kind),
            Tag::Link { link_type, dest_url, .. } | Tag::Image { link_type, dest_url, .. } => {
                return self.open_link(*link_type, dest_url);
            }
            _ => return "",
        };
        self.html.push_str(opener);
        closer
    }

    fn close(&mut self) {
        let closer = self.closers.pop().unwrap_or_default();
        if closer == LINK_END
            && let Some((target, start)) = self.link.take()
            && self.html.len() == start
        {
            // Without a text, nobody would see it.
            push_escaped(&mut self.html, &target);
        }
        self.html.push_str(closer);
    }

    fn open_list(&mut self, first: u64) -> &'static str {
        self.push_all(&["<ol start=\"", &first.to_string(), "\">\n"]);
        "</ol>\n"
    }

    fn push_all(&mut self, parts: &[&str]) {
        self.html.extend(parts.iter().copied());
    }

    fn open_code_block(&mut self, kind: &CodeBlockKind<'_>) -> &'static str {
        let info = match kind {
            CodeBlockKind::Fenced(info) => info.split([' ', ',', '\t']).next().unwrap_or_default(),
            CodeBlockKind::Indented => "",
        };
        let is_name = |char: char| char.is_ascii_alphanumeric() || "+-#._".contains(char);
        if !info.is_empty() && info.len() <= 32 && info.chars().all(is_name) {
            self.push_all(&["<pre><code class=\"language-", info, "\">"]);
        } else {
            self.html.push_str("<pre><code>");
        }
        "</code></pre>\n"
    }

    fn open_link(&mut self, kind: LinkType, target: &str) -> &'static str {
        let scheme = if kind == LinkType::Email { "mailto:" } else { "" };
        if self.link.is_some() || (scheme.is_empty() && !leads_outside(target)) {
            return "";
        }
        self.push_link(scheme, target);
        self.link = Some((target.to_owned(), self.html.len()));
        LINK_END
    }

    fn push_link(&mut self, scheme: &str, target: &str) {
        self.push_all(&["<a href=\"", scheme]);
        // Writing into a string doesn't fail.
        let _ = escape_href(&mut self.html, target);
        self.html.push_str("\" rel=\"nofollow noopener\">");
    }

    fn open_table(&mut self, alignments: &[Alignment]) -> &'static str {
        self.table = Table { alignments: alignments.to_vec(), ..Table::default() };
        self.html.push_str("<table>\n");
        "</tbody>\n</table>\n"
    }

    fn open_row(&mut self, is_head: bool) -> &'static str {
        self.table.is_head = is_head;
        self.table.column = 0;
        self.html.push_str(if is_head { "<thead>\n<tr>" } else { "<tr>" });
        if is_head { "</tr>\n</thead>\n<tbody>\n" } else { "</tr>\n" }
    }

    fn open_cell(&mut self) -> &'static str {
        let alignment = self.table.alignments.get(self.table.column).copied().unwrap_or(Alignment::None);
        self.table.column += 1;
        let class = match alignment {
            Alignment::None => "",
            Alignment::Left => " class=\"left\"",
            Alignment::Center => " class=\"center\"",
            Alignment::Right => " class=\"right\"",
        };
        let (opener, closer) = if self.table.is_head { ("<th", "</th>") } else { ("<td", "</td>") };
        self.push_all(&[opener, class, ">"]);
        closer
    }

    /// A block of raw HTML, as it was written.
    fn html_block(&mut self, text: &str) {
        for line in text.lines() {
            if !self.html.ends_with("<p>") {
                self.html.push_str("<br>\n");
            }
            push_escaped(&mut self.html, line);
        }
    }

    fn code(&mut self, text: &str) {
        self.html.push_str("<code>");
        push_escaped(&mut self.html, text);
        self.html.push_str("</code>");
    }

    /// A piece of text, as the parser cuts it. Mentions become spans; one can have several pieces.
    fn piece(&mut self, piece: &str, range: Range<usize>, source: &str) {
        let mut rest = piece;
        if range.start < self.mentioned_until {
            rest = source.get(self.mentioned_until..range.end).unwrap_or_default();
        }
        let mut at = range.end - rest.len().min(range.len());
        while let Some(mention) = self.mentions.next_if(|mention| mention.range.start < range.end) {
            // Where a piece is not what was written, as an entity is, nothing is mentioned.
            if mention.range.start < at || source.get(at..range.end) != Some(rest) {
                continue;
            }
            self.pending.push_str(&source[at..mention.range.start]);
            self.flush();
            self.html.push_str(&mention.html);
            self.mentioned_until = mention.range.end;
            at = mention.range.end.min(range.end);
            rest = &source[at..range.end];
        }
        self.pending.push_str(rest);
    }

    /// Writes the pieces of text that are one text.
    fn flush(&mut self) {
        let text = std::mem::take(&mut self.pending);
        if !text.is_empty() {
            self.text(&text);
        }
    }

    /// The HTML, once all is written.
    fn finish(mut self) -> String {
        self.flush();
        self.html
    }

    /// Text, in which bare links become links. In code and in links they are text.
    fn text(&mut self, text: &str) {
        if self.link.is_some() || self.is_code {
            return push_escaped(&mut self.html, text);
        }
        let finder = std::mem::take(&mut self.finder);
        for span in finder.spans(text) {
            let scheme = match span.kind() {
                Some(LinkKind::Email) => "mailto:",
                Some(LinkKind::Url) if leads_outside(span.as_str()) => "",
                _ => {
                    push_escaped(&mut self.html, span.as_str());
                    continue;
                }
            };
            self.push_link(scheme, span.as_str());
            push_escaped(&mut self.html, span.as_str());
            self.html.push_str(LINK_END);
        }
        self.finder = finder;
    }
}

/// What closes a link.
const LINK_END: &str = "</a>";

/// The heading of a message is never larger than those of the page that shows it.
fn heading(level: HeadingLevel) -> (&'static str, &'static str) {
    match level {
        HeadingLevel::H1 => ("<h4>", "</h4>\n"),
        HeadingLevel::H2 => ("<h5>", "</h5>\n"),
        _ => ("<h6>", "</h6>\n"),
    }
}

/// Whether a link may lead there.
fn leads_outside(target: &str) -> bool {
    ["https://", "http://", "mailto:"].iter().any(|scheme| {
        target.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
            && target.len() > scheme.len()
    })
}

#[cfg(test)]
mod tests;
