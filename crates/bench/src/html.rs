//! The command `html`: how long a message of the greatest length takes to become HTML, where it is made of what parsers
//! of Markdown have been slow with: brackets, emphasis, code, tables, quotations and lists, nested or left open, and of
//! mentions among these.

use std::hint::black_box;
use std::time::Instant;

use groupchat_api::messages::render_message_html;
use groupchat_domain::accounts::{UserRef, Username};
use groupchat_domain::ids::{GroupId, MessageId, Seq, UserId};
use groupchat_domain::messages::{Attachments, MAX_MENTIONED, Message, MessageText, NewMessage};
use groupchat_domain::time::Timestamp;
use serde::Serialize;

use crate::cli::HtmlArgs;
use crate::error::BenchError;
use crate::output::{self, write_json};

/// A text has to take less than this.
const BAR_MICROS: f64 = 5_000.0;

/// What is repeated until the text is full, also with something behind it.
const REPEATED: [&str; 52] = [
    "[",
    "![",
    "[](",
    "[a](",
    "[](b \"",
    "[a][b]",
    "[[](",
    "]( ",
    "*",
    "**",
    "*_",
    "**a ",
    "_a ",
    "*a_ ",
    "a**b",
    "**x*",
    "~~",
    "~~a ",
    "`",
    "`a``",
    "``` ",
    "~~~\n",
    "<",
    "<a",
    "<!--",
    "<?",
    "<![CDATA[",
    "<a b=\"c\">",
    "<div>\n",
    "<http://a",
    "&",
    "&#",
    "\\",
    "> ",
    ">",
    "> - ",
    "- ",
    "- - ",
    "1. ",
    "* \n",
    "# a\n",
    "a|",
    "|\n",
    "a\n",
    "a  \n",
    "[a]: b\n",
    "a@",
    "a@b.c ",
    "a@b@",
    "http://a.b ",
    "http://a://",
    "a|b\n-|-\nc|d\n\n",
];

/// What is opened as often as it is closed.
const NESTED: [(&str, &str); 7] =
    [("[", "]"), ("![", "](a)"), ("[", "](a)"), ("*", "*"), ("**a ", " b**"), ("~~", "~~"), ("<", ">")];

/// The time of one text.
#[derive(Debug, Serialize)]
struct Measured {
    /// What it is made of.
    text: String,
    /// The median of the rounds.
    microseconds: f64,
    /// The bytes of its HTML.
    bytes: usize,
}

/// Measures, prints the slowest and writes the JSON file.
///
/// # Errors
/// The report can't be written, or a text takes too long while `--check` is set.
pub(crate) fn html_command(args: &HtmlArgs) -> Result<(), BenchError> {
    let mut measured: Vec<_> = texts()
        .into_iter()
        .chain(texts_with_mentions())
        .map(|(name, text)| measure(name, &text, args.rounds))
        .collect();
    measured.sort_by(|one, other| other.microseconds.total_cmp(&one.microseconds));
    output::print(&render(&measured))?;
    if let Some(path) = &args.json {
        write_json(path, &measured)?;
    }
    let slow = measured.iter().filter(|one| one.microseconds >= BAR_MICROS).count();
    if args.check && slow > 0 { Err(BenchError::BarsMissed(slow)) } else { Ok(()) }
}

fn render(measured: &[Measured]) -> String {
    let row = |one: &Measured| format!("{:<32} {:>10.0} {:>10}\n", one.text, one.microseconds, one.bytes);
    let rows: String = measured.iter().take(10).map(row).collect();
    format!("{:<32} {:>10} {:>10}\n{rows}", format!("the slowest of {}", measured.len()), "µs", "bytes")
}

fn measure(text: String, input: &str, rounds: u32) -> Measured {
    let message = message(input);
    let render = || render_message_html(black_box(&message)).unwrap_or_default();
    let mut times: Vec<_> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            black_box(render());
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    Measured { text, microseconds: times[times.len() / 2], bytes: render().len() }
}

/// A message with this text, in which as many users are mentioned as can be, and everybody: the marks of all of them become
/// spans.
fn message(text: &str) -> Message {
    let mentioned = (1..=MAX_MENTIONED as i64).map(user);
    let new = NewMessage {
        group: GroupId::new(1),
        thread: None,
        seq: Seq::new(1),
        author: UserId::new(1),
        text: MessageText::from_stored(text.to_owned()),
        client_id: None,
        created_at: Timestamp::from_micros(0),
        attachments: Attachments::NAMES.with(Attachments::ALL).with(Attachments::HERE),
    };
    Message { mentioned: mentioned.collect(), ..new.into_message(MessageId::new(1), user(1)) }
}

fn user(id: i64) -> UserRef {
    let username = Some(Username::from_stored(format!("user-{id}")));
    UserRef { id: UserId::new(id), username, display_name: None }
}

/// Mentions, and what looks like one.
const MENTIONS: [&str; 8] = ["<@1>", "<@50>", "<@51>", "@all", "@here", "@user-1", "<@", "@"];

/// Texts of the greatest length that are full of mentions, among all that is hard to parse.
fn texts_with_mentions() -> Vec<(String, String)> {
    let full = MessageText::MAX_LENGTH;
    let repeat = |part: &str| part.repeat(full / part.chars().count());
    let mut texts = Vec::new();
    for mention in MENTIONS {
        for part in REPEATED.into_iter().chain(["", " "]) {
            let parts = [format!("{mention}{part}"), format!("{part}{mention} ")];
            texts.extend(parts.map(|part| (format!("{part:?} repeated"), repeat(&part))));
        }
        for (open, close) in NESTED {
            let depth = full / (open.len() + close.len() + mention.len());
            let inside = format!("{}{}", format!("{open}{mention}").repeat(depth), close.repeat(depth));
            texts.push((format!("{open:?} {mention} {close:?} nested"), inside));
        }
    }
    let everybody: String = (1..=MAX_MENTIONED).map(|id| format!("<@{id}>")).collect();
    texts.push(("everybody who can be mentioned".to_owned(), repeat(&everybody)));
    let names: String = (0..full / 7).map(|id| format!("@u{id:04} ")).collect();
    texts.push(("many names".to_owned(), names));
    texts
}

/// Texts of the greatest length, with what they are made of.
fn texts() -> Vec<(String, String)> {
    let full = MessageText::MAX_LENGTH;
    let repeat = |part: &str, length: usize| part.repeat(length / part.chars().count());
    let mut texts = Vec::new();
    for part in REPEATED {
        texts.push((format!("{part:?} repeated"), repeat(part, full)));
        texts.push((format!("{part:?} repeated, then a"), format!("{}a", repeat(part, full - 1))));
    }
    for (open, close) in NESTED {
        let depth = full / (open.len() + close.len());
        texts.push((
            format!("{open:?} {close:?} nested"),
            format!("{}{}", open.repeat(depth), close.repeat(depth)),
        ));
    }
    for columns in [31, 1_000] {
        let head = format!("{}\n{}\n", "|a".repeat(columns), "|-".repeat(columns));
        let rows = "a\n".repeat((full - head.len()) / 2);
        texts.push((format!("a table of {columns} columns"), head + &rows));
    }
    for open in ["+ ", "> ", "1. "] {
        for block in ["```\n", "<!--\n", "a\n", ""] {
            let start = open.repeat(full / 4 / open.len()) + block;
            let lines = "\n".repeat(full - start.len() - 1);
            texts.push((format!("{open:?} repeated, {block:?}, empty lines"), start + &lines + "a"));
            let start = open.repeat(32) + block;
            let lines = "\n".repeat(full - start.len() - 1);
            texts.push((format!("{open:?} 32 times, {block:?}, empty lines"), start + &lines + "a"));
        }
    }
    let definition = format!("[a]: http://{}\n\n", "x".repeat(full / 2));
    texts.push(("a long link, used often".to_owned(), definition + &"[a]".repeat(full / 7)));
    let fences: String = (1..140).map(|length| "`".repeat(length) + " ").collect();
    texts.push(("code of all lengths".to_owned(), fences));
    texts
}
