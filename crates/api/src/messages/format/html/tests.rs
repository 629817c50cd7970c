use groupchat_domain::accounts::Username;
use proptest::prelude::*;

use super::*;

/// How many containers a line may open.
const MAX_CONTAINERS: usize = 32;

#[track_caller]
fn shows(text: &str, html: &str) {
    assert_eq!(render(text).trim_end(), html, "{text:?}");
}

#[test]
fn paragraphs_keep_their_lines() {
    shows("one\ntwo\n\nthree", "<p>one<br>\ntwo</p>\n<p>three</p>");
}

#[test]
fn text_is_emphasised() {
    shows("*a* **b** ~~c~~ `d`", "<p><em>a</em> <strong>b</strong> <del>c</del> <code>d</code></p>");
}

#[test]
fn headings_are_small() {
    shows("# a\n## b\n### c", "<h4>a</h4>\n<h5>b</h5>\n<h6>c</h6>");
}

#[test]
fn lists_and_quotations_nest() {
    shows("> - a\n> - b", "<blockquote>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n</blockquote>");
    shows("3. a", "<ol start=\"3\">\n<li>a</li>\n</ol>");
}

#[test]
fn cells_are_aligned_by_a_class() {
    shows(
        "|a|b|\n|-|-:|\n|1|2|",
        "<table>\n<thead>\n<tr><th>a</th><th class=\"right\">b</th></tr>\n</thead>\n\
         <tbody>\n<tr><td>1</td><td class=\"right\">2</td></tr>\n</tbody>\n</table>",
    );
}

#[test]
fn code_says_its_language_if_that_is_a_name() {
    shows(
        "```rust\nlet a = \"<\";\n```",
        "<pre><code class=\"language-rust\">let a = \"&lt;\";\n</code></pre>",
    );
    shows("```\"><b>\na\n```", "<pre><code>a\n</code></pre>");
}

#[test]
fn raw_html_is_text() {
    shows("a <b>c</b> <!-- d -->", "<p>a &lt;b&gt;c&lt;/b&gt; &lt;!-- d --&gt;</p>");
    shows("<div>\na\n</div>", "<p>&lt;div&gt;<br>\na<br>\n&lt;/div&gt;</p>");
}

#[test]
fn links_say_that_they_lead_outside() {
    let link =
        |href: &str, text: &str| format!("<p><a href=\"{href}\" rel=\"nofollow noopener\">{text}</a></p>");
    shows("[a](https://example.org/b?c=d&e=f \"title\")", &link("https://example.org/b?c=d&amp;e=f", "a"));
    shows("<HTTP://example.org>", &link("HTTP://example.org", "HTTP://example.org"));
    shows("<a@example.org>", &link("mailto:a@example.org", "a@example.org"));
    shows("![picture](http://example.org/p.png)", &link("http://example.org/p.png", "picture"));
}

#[test]
fn bare_links_are_links_outside_of_code() {
    shows(
        "see https://example.org/a_b_c.",
        "<p>see <a href=\"https://example.org/a_b_c\" rel=\"nofollow noopener\">https://example.org/a_b_c</a>.</p>",
    );
    let link =
        |href: &str, text: &str| format!("<p><a href=\"{href}\" rel=\"nofollow noopener\">{text}</a></p>");
    for bare in ["https://example.org/_a_", "https://example.org/*a*b~~c~~", "http://a.example/b*c*?d=*e*f"] {
        shows(bare, &link(bare, bare));
    }
    shows(
        "a@example.org",
        "<p><a href=\"mailto:a@example.org\" rel=\"nofollow noopener\">a@example.org</a></p>",
    );
    shows("`https://example.org`", "<p><code>https://example.org</code></p>");
    shows("```\nhttps://example.org\n```", "<pre><code>https://example.org\n</code></pre>");
    shows("ftp://example.org", "<p>ftp://example.org</p>");
}

#[test]
fn links_without_a_text_show_where_they_lead() {
    let link = |href: &str| format!("<p><a href=\"{href}\" rel=\"nofollow noopener\">{href}</a></p>");
    shows("[](https://example.org)", &link("https://example.org"));
    shows("![](https://example.org/p.png)", &link("https://example.org/p.png"));
    shows("[a]: https://example.org", "<p>[a]: https://example.org</p>");
}

#[test]
fn links_to_elsewhere_are_text() {
    for target in [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,a",
        "vbscript:a",
        "//example.org",
        "/a",
        "http:a",
    ] {
        shows(&format!("[a]({target})"), "<p>a</p>");
        shows(&format!("[a]\n\n[a]: {target}"), "<p>a</p>");
    }
    shows("[a](java&#115;cript:alert(1))", "<p>a</p>");
    shows("[a](&#1;https://example.org)", "<p>a</p>");
}

#[test]
fn a_link_is_not_in_a_link() {
    shows(
        "[see https://example.org](https://example.net)",
        "<p><a href=\"https://example.net\" rel=\"nofollow noopener\">see https://example.org</a></p>",
    );
    shows(
        "[![a](https://example.org/p)](https://example.net)",
        "<p><a href=\"https://example.net\" rel=\"nofollow noopener\">a</a></p>",
    );
}

/// The elements of an output of [`render`], checked to be those that it may have and to be closed in order. Returns how
/// deep they nest.
fn depth(html: &str) -> usize {
    const VOID: [&str; 2] = ["br", "hr"];
    const ELEMENTS: [&str; 20] = [
        "p",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "ul",
        "ol",
        "li",
        "em",
        "strong",
        "del",
        "pre",
        "code",
        "a",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    ];
    let (mut open, mut deepest) = (Vec::new(), 0);
    for tag in html.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("tags end");
        let name = tag.split(' ').next().unwrap_or_default();
        if let Some(closed) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "{html}");
        } else if !VOID.contains(&name) {
            assert!(ELEMENTS.contains(&name), "{tag} in {html}");
            open.push(name);
        }
        deepest = deepest.max(open.len());
    }
    assert!(open.is_empty(), "{html}");
    deepest
}

/// What docs/API.md promises.
const DEEPEST: usize = 40;

/// Ten thousand characters of each kind that parsers have been slow with, or whose output has been large or deep.
#[test]
fn what_is_deep_or_grows_is_limited() {
    const LENGTH: usize = 10_000;
    let columns = LENGTH / 10;
    for text in [
        "> ".repeat(MAX_CONTAINERS),
        "> ".repeat(LENGTH / 2),
        format!("{}`a` https://example.org", "> ".repeat(MAX_CONTAINERS)),
        format!("{}|a|\n|-|\n|`b`|", "*a _b ".repeat(LENGTH / 10)),
        "- ".repeat(LENGTH / 2),
        format!("{}```{}a", "+ ".repeat(LENGTH / 4), "\n".repeat(LENGTH / 3)),
        format!("{}a{}", "*".repeat(LENGTH / 2), "*".repeat(LENGTH / 2)),
        "[".repeat(LENGTH),
        "*_".repeat(LENGTH / 2),
        "\"".repeat(LENGTH),
        "a\n".repeat(LENGTH / 2),
        format!("{}\n{}\n{}", "|a".repeat(columns), "|-".repeat(columns), "a\n".repeat(LENGTH / 4)),
        format!("[a]: http://{}\n\n{}", "x".repeat(LENGTH / 2), "[a]".repeat(LENGTH / 6)),
    ] {
        let html = render(&text);
        assert!(depth(&html) <= DEEPEST, "{}", &text[..20]);
        assert!(html.len() <= MAX_LENGTH, "{}: {}", &text[..20], html.len());
    }
}

/// A message with this text, which mentions the user 42.
fn mentioning(text: &str, kinds: Attachments) -> Message {
    use groupchat_domain::accounts::UserRef;
    use groupchat_domain::ids::{GroupId, MessageId, Seq, UserId};
    use groupchat_domain::messages::{MessageText, NewMessage};
    use groupchat_domain::time::Timestamp;

    let user = UserRef { id: UserId::new(42), username: Username::parse("ada").ok(), display_name: None };
    let new = NewMessage {
        group: GroupId::new(1),
        thread: None,
        seq: Seq::new(1),
        author: user.id,
        text: MessageText::from_stored(text.to_owned()),
        client_id: None,
        created_at: Timestamp::from_micros(0),
        attachments: kinds,
    };
    let message = new.into_message(MessageId::new(1), user.clone());
    Message { attachments: kinds, mentioned: vec![user], ..message }
}

#[track_caller]
fn shows_mentions(text: &str, html: &str) {
    let kinds = Attachments::NAMES.with(Attachments::ALL);
    assert_eq!(render_message(&mentioning(text, kinds)).unwrap().trim_end(), html, "{text:?}");
}

const ADA: &str = "<span class=\"mention\" data-user-id=\"42\">@ada</span>";

#[test]
fn mentions_are_spans_where_they_mention_somebody() {
    shows_mentions("a <@42>, b", &format!("<p>a {ADA}, b</p>"));
    shows_mentions(
        "**<@42>** @All",
        &format!("<p><strong>{ADA}</strong> <span class=\"mention\">@All</span></p>"),
    );
    shows_mentions("<@42><@42>_a\n<@42>", &format!("<p>{ADA}{ADA}_a<br>\n{ADA}</p>"));
    shows_mentions("&lt;b> <@42> &amp; \\* <@42>", &format!("<p>&lt;b&gt; {ADA} &amp; * {ADA}</p>"));
    shows_mentions(
        "<@42> https://example.org",
        &format!(
            "<p>{ADA} <a href=\"https://example.org\" rel=\"nofollow noopener\">https://example.org</a></p>"
        ),
    );
    // Others than the message mentions, `@here` among them, and where nobody is mentioned.
    shows_mentions("<@43> @here", "<p>&lt;@43&gt; @here</p>");
    shows_mentions("`<@42>`", "<p><code>&lt;@42&gt;</code></p>");
    shows_mentions("> <@42>", "<blockquote>\n<p>&lt;@42&gt;</p>\n</blockquote>");
}

#[test]
fn who_is_gone_has_no_name() {
    let mut message = mentioning("<@42>", Attachments::NAMES);
    message.mentioned[0].username = None;
    let html = "<p><span class=\"mention\" data-user-id=\"42\">@deleted</span></p>\n";
    assert_eq!(render_message(&message).as_deref(), Some(html));
    message.text = None;
    assert_eq!(render_message(&message), None);
}

/// Pieces that mean something to one of the parsers.
fn piece() -> impl Strategy<Value = String> {
    let marks = [
        "*",
        "**",
        "_",
        "~~",
        "`",
        "```",
        "[",
        "]",
        "(",
        ")",
        "![",
        "<",
        ">",
        "<a ",
        "<script>",
        "</",
        "<!--",
        "-->",
        "&lt;",
        "&#60;",
        "&",
        "\"",
        "'",
        "\\",
        "\n",
        "\n\n",
        " ",
        "    ",
        "\t",
        "> ",
        "- ",
        "1. ",
        "# ",
        "|",
        "|-|-|\n",
        "---",
        "===",
        "http://",
        "https://a.b/",
        "javascript:",
        "mailto:",
        "a@b.c",
        "data:",
        ":",
        "//",
        "[a]: ",
        "[a]",
        "<http://a>",
        "<@42>",
        "@all",
        "\u{0}",
        "\u{202e}",
        "onclick=",
        "style=",
    ];
    prop_oneof![4 => proptest::sample::select(marks.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,4}"]
}

proptest! {
    /// What is no mention is written as it would be without any.
    #[test]
    fn mentions_change_nothing_else(pieces in proptest::collection::vec(piece(), 0..40), at in 0_usize..40) {
        let mut pieces = pieces;
        pieces.insert(at.min(pieces.len()), " <@42> ".to_owned());
        let text = pieces.concat();
        let html = render_message(&mentioning(&text, Attachments::NAMES)).unwrap();
        prop_assert_eq!(html.replace(ADA, "&lt;@42&gt;"), render(&text));
    }

    #[test]
    fn the_output_is_of_known_elements_whatever_the_text(pieces in proptest::collection::vec(piece(), 0..60)) {
        let html = render(&pieces.concat());
        prop_assert!(depth(&html) <= DEEPEST);
        for attribute in [" on", " style", " src", "javascript:"] {
            let in_tag = html.split('<').skip(1).filter_map(|rest| rest.split('>').next()).any(|tag| {
                // What is in quotes is the value of an attribute, of which only a link's begins with a scheme.
                let names: String = tag.split('"').step_by(2).collect();
                names.contains(attribute) || tag.contains(&format!("\"{attribute}"))
            });
            prop_assert!(!in_tag, "{attribute} in {html}");
        }
    }
}
