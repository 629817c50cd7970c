//! The rule of a setting: how its text is parsed, and how its values are described.

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use actix_web::http::Uri;
use groupchat_api::IpNetwork;
use groupchat_domain::ids::GroupId;
use groupchat_domain::rates::RequestRate;
use groupchat_infra::mail::MailSender;
use groupchat_infra::secrets::{KeyRing, MAX_KEYS};
use tracing_subscriber::EnvFilter;

use crate::database_url::{self, DatabaseUrl, MASK};
use crate::mail::server_url::{self, MailServerUrl};

/// How a setting is written in TOML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TomlType {
    /// A string.
    Text,
    /// An integer.
    Integer,
    /// An array of strings; elsewhere the items are separated by commas.
    List,
    /// An array of integers, or of strings; elsewhere as a list.
    Ids,
}

/// What is told about a setting's values.
#[derive(Debug, Clone)]
pub(crate) struct ValueShape {
    /// How it is written in TOML.
    pub kind: TomlType,
    /// Its type in a word or two.
    pub type_name: &'static str,
    /// The values that are allowed, to follow "must be".
    pub allowed: String,
    /// The values that this build of the program takes, if it takes fewer.
    pub allowed_here: Option<&'static str>,
    /// What its number counts.
    pub unit: Option<&'static str>,
    /// Makes of its value what may be shown, if there is a secret in it.
    pub mask: Option<fn(&str) -> String>,
}

/// Reads a setting's text.
pub(crate) struct Rule<T> {
    /// What is told about it.
    pub shape: ValueShape,
    read: Box<Read<T>>,
}

/// Makes a value of a text; `None` when it is not allowed.
type Read<T> = dyn Fn(&str) -> Option<T>;

impl<T: 'static> Rule<T> {
    fn new(
        kind: TomlType,
        type_name: &'static str,
        allowed: impl Into<String>,
        read: impl Fn(&str) -> Option<T> + 'static,
    ) -> Self {
        let allowed = allowed.into();
        let shape = ValueShape { kind, type_name, allowed, allowed_here: None, unit: None, mask: None };
        Self { shape, read: Box::new(read) }
    }

    /// The value; `None` when the text is not allowed.
    pub(crate) fn read(&self, text: &str) -> Option<T> {
        (self.read)(text)
    }

    /// The same, counting something.
    pub(crate) fn unit(mut self, unit: &'static str) -> Self {
        self.shape.unit = Some(unit);
        self
    }

    /// The same, with a secret in its values.
    fn masked(mut self, mask: fn(&str) -> String) -> Self {
        self.shape.mask = Some(mask);
        self
    }

    /// The same, in a build of the program that takes only some of the values.
    fn narrowed(self, allowed_here: &'static str, takes: impl Fn(&T) -> bool + 'static) -> Self {
        let (shape, read) = (ValueShape { allowed_here: Some(allowed_here), ..self.shape }, self.read);
        Self { shape, read: Box::new(move |text| read(text).filter(&takes)) }
    }

    /// The same values as another type.
    fn map<U: 'static>(self, to: impl Fn(T) -> U + 'static) -> Rule<U> {
        let read = self.read;
        Rule { shape: self.shape, read: Box::new(move |text| read(text).map(&to)) }
    }
}

/// A folder's path.
pub(super) fn folder() -> Rule<PathBuf> {
    Rule::new(TomlType::Text, "path", "the path of a folder", |text| {
        (!text.is_empty()).then(|| PathBuf::from(text))
    })
}

/// A file's path; empty for none.
pub(super) fn optional_file() -> Rule<Option<PathBuf>> {
    Rule::new(TomlType::Text, "path", "empty, or the path of a file", |text| {
        Some((!text.is_empty()).then(|| PathBuf::from(text)))
    })
}

/// A folder's path; empty for the usual one.
pub(super) fn optional_folder() -> Rule<Option<PathBuf>> {
    Rule::new(TomlType::Text, "path", "empty, or the path of a folder", |text| {
        Some((!text.is_empty()).then(|| PathBuf::from(text)))
    })
}

/// The most domains of a certificate. Let's Encrypt allows as many.
const MAX_DOMAINS: usize = 100;

/// Domains, each once and in lower case; possibly none.
pub(super) fn domains() -> Rule<Vec<String>> {
    let allowed = format!("at most {MAX_DOMAINS} domains, such as chat.example.org, in ASCII and without *");
    Rule::new(TomlType::List, "list of domains", allowed, |text| {
        let items = text.split(',').map(str::trim);
        let mut domains: Vec<_> =
            if text.trim().is_empty() { Vec::new() } else { items.map(domain).collect::<Option<_>>()? };
        let mut seen = std::collections::BTreeSet::new();
        domains.retain(|domain| seen.insert(domain.clone()));
        (domains.len() <= MAX_DOMAINS).then_some(domains)
    })
}

/// A domain in lower case (RFC 1034, section 3.5; RFC 1123, section 2.1). No address: its last part begins with a letter.
fn domain(text: &str) -> Option<String> {
    let is_label = |label: &str| {
        let is_within = (1..=63).contains(&label.len());
        let is_plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        is_within && is_plain && !label.starts_with('-') && !label.ends_with('-')
    };
    let is_domain = text.len() <= 253 && text.split('.').all(is_label);
    let last = text.rsplit('.').next().unwrap_or_default();
    (is_domain && last.starts_with(|first: char| first.is_ascii_alphabetic()))
        .then(|| text.to_ascii_lowercase())
}

/// A mail address; empty for none.
pub(super) fn mail_address() -> Rule<Option<String>> {
    Rule::new(TomlType::Text, "mail address", "empty, or a mail address such as admin@example.org", |text| {
        if text.is_empty() {
            return Some(None);
        }
        let (name, host) = text.rsplit_once('@')?;
        let is_plain = text.chars().all(|c| c.is_ascii_graphic() && !"<>\"(),:;\\".contains(c));
        (!name.is_empty() && is_plain && domain(host).is_some()).then(|| Some(text.to_owned()))
    })
}

/// The address of something on the web that is reached by TLS.
pub(super) fn https_url() -> Rule<String> {
    Rule::new(TomlType::Text, "URL", "https://HOST[:PORT]/PATH", |text| {
        let uri: Uri = parsed(text)?;
        let has_host = uri.authority().is_some_and(|host| !host.as_str().contains('@'));
        (uri.scheme_str() == Some("https") && has_host).then(|| text.to_owned())
    })
}

/// A network address and a port.
pub(super) fn socket_address() -> Rule<SocketAddr> {
    Rule::new(TomlType::Text, "address:port", "an address and a port, such as 127.0.0.1:5000", parsed)
}

/// The address of a web site without a path; empty for none.
pub(super) fn site() -> Rule<Option<String>> {
    let allowed = "empty, or http(s)://HOST[:PORT] without a path";
    Rule::new(TomlType::Text, "URL", allowed, |text| {
        if text.is_empty() { Some(None) } else { parsed_site(text).map(Some) }
    })
}

/// The addresses of web sites, each without a path; possibly none.
pub(super) fn sites() -> Rule<Vec<String>> {
    let allowed = "sites, such as https://chat.example.org, without a path";
    Rule::new(TomlType::List, "list of URLs", allowed, |text| {
        let items = text.split(',').map(str::trim);
        if text.trim().is_empty() { Some(Vec::new()) } else { items.map(parsed_site).collect() }
    })
}

/// The most default groups: each costs a new account a few statements.
const MAX_DEFAULT_GROUPS: usize = 20;

/// Ids of groups; possibly none.
pub(super) fn groups() -> Rule<Vec<GroupId>> {
    let allowed = format!("at most {MAX_DEFAULT_GROUPS} ids of groups, such as 7");
    Rule::new(TomlType::Ids, "list of ids", allowed, |text| {
        let items = text.split(',').map(|item| parsed(item.trim()).and_then(|id| GroupId::parse(id).ok()));
        let ids: Vec<_> = if text.trim().is_empty() { Vec::new() } else { items.collect::<Option<_>>()? };
        (ids.len() <= MAX_DEFAULT_GROUPS).then_some(ids)
    })
}

fn parsed_site(text: &str) -> Option<String> {
    let site = text.strip_suffix('/').unwrap_or(text);
    let uri: Uri = parsed(site)?;
    let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
    let is_bare = uri.path_and_query().is_none_or(|path| path == "/") && !site.ends_with('/');
    let has_host = uri.authority().is_some_and(|host| !host.as_str().contains('@'));
    (is_web && is_bare && has_host).then(|| site.to_owned())
}

/// A database on a PostgreSQL server; empty for the embedded one.
pub(super) fn database() -> Rule<Option<DatabaseUrl>> {
    let allowed = "empty, or postgres://USER:PASSWORD@HOST:PORT/DATABASE with special characters as %XX";
    let rule = Rule::new(TomlType::Text, "URL", allowed, |text| {
        if text.is_empty() { Some(None) } else { DatabaseUrl::parse(text).map(Some) }
    });
    let rule = rule.masked(database_url::shown);
    if cfg!(feature = "postgres") {
        return rule;
    }
    let allowed_here = "empty: this program was built without PostgreSQL support; \
                        build it with `cargo build --release --features postgres`";
    rule.narrowed(allowed_here, Option::is_none)
}

/// Keys for secrets; possibly none.
pub(super) fn keys() -> Rule<Option<KeyRing>> {
    let allowed = format!("empty, or up to {MAX_KEYS} keys as groupchat makes them, which begin with gcs_");
    let rule = Rule::new(TomlType::Text, "keys", allowed, |text| {
        let keys = text.split(',').map(str::trim);
        if text.is_empty() { Some(None) } else { KeyRing::parse(keys).map(Some) }
    });
    rule.masked(|_| MASK.to_owned())
}

/// A mail server; empty for none.
pub(super) fn mail_server() -> Rule<Option<MailServerUrl>> {
    let allowed = "empty, or smtps://USER:PASSWORD@HOST:PORT or smtp://… with special characters as %XX";
    let rule = Rule::new(TomlType::Text, "URL", allowed, |text| {
        if text.is_empty() { Some(None) } else { MailServerUrl::parse(text).map(Some) }
    });
    rule.masked(server_url::shown)
}

/// Who mails are from; empty for nobody.
pub(super) fn mail_sender() -> Rule<Option<MailSender>> {
    let allowed = "empty, or an address, such as chat@example.org or Chat <chat@example.org>";
    Rule::new(TomlType::Text, "address", allowed, |text| {
        if text.is_empty() { Some(None) } else { parsed(text).map(Some) }
    })
}

/// Networks; possibly none.
pub(super) fn networks() -> Rule<Vec<IpNetwork>> {
    let allowed = "addresses or networks, such as 127.0.0.1 or 10.0.0.0/8";
    Rule::new(TomlType::List, "list of networks", allowed, |text| {
        let items = text.split(',').map(str::trim);
        if text.trim().is_empty() { Some(Vec::new()) } else { items.map(parsed).collect() }
    })
}

/// One of a few words, each with what it stands for.
pub(super) fn choice<T: Copy + 'static>(words: &'static [(&'static str, T)]) -> Rule<T> {
    let names: Vec<_> = words.iter().map(|(word, _)| *word).collect();
    Rule::new(TomlType::Text, "word", format!("one of {}", names.join(", ")), move |text| {
        words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value)
    })
}

/// Which log lines are written. A word that is no level would be taken for a target, and silence all others;
/// a slip more often than a wish, so a target needs its level.
pub(super) fn log_filter() -> Rule<String> {
    const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];
    let allowed =
        "levels (error, warn, info, debug, trace, off), each alone or after a target: warn,access=off";
    Rule::new(TomlType::Text, "filter", allowed, |text| {
        let tells_level = |directive: &str| directive.contains('=') || LEVELS.contains(&directive);
        let is_clear = text.split(',').all(tells_level);
        (is_clear && EnvFilter::builder().parse(text).is_ok()).then(|| text.to_owned())
    })
}

/// An integer within bounds, both included.
pub(super) fn integer<T>(least: T, most: T) -> Rule<T>
where
    T: FromStr + PartialOrd + Display + Copy + 'static,
{
    let allowed = format!("an integer from {least} to {most}");
    Rule::new(TomlType::Integer, "integer", allowed, move |text| {
        parsed(text).filter(|number| (least..=most).contains(number))
    })
}

/// How often something may be: so many a second, and so many at once; `off` for no limit.
pub(super) fn rate() -> Rule<Option<RequestRate>> {
    let allowed = "off, or whole numbers of at least 1, such as 20/s burst 200";
    Rule::new(TomlType::Text, "rate", allowed, |text| {
        if text == "off" {
            return Some(None);
        }
        let (per_second, burst) = text.split_once("/s burst ")?;
        Some(Some(RequestRate { per_second: parsed(per_second)?, burst: parsed(burst)? }))
    })
}

/// A number of days.
pub(super) fn days(least: u32, most: u32) -> Rule<Duration> {
    integer(least, most).map(|days| Duration::from_secs(u64::from(days) * 24 * 3600)).unit("days")
}

/// A number of minutes.
pub(super) fn minutes(least: u64, most: u64) -> Rule<Duration> {
    integer(least, most).map(|minutes: u64| Duration::from_secs(minutes * 60)).unit("minutes")
}

/// A number of seconds.
pub(super) fn seconds(least: u64, most: u64) -> Rule<Duration> {
    integer(least, most).map(Duration::from_secs).unit("seconds")
}

fn parsed<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_within_its_bounds() {
        let rule = integer(10_u32, 14);
        assert_eq!(["10", "14"].map(|text| rule.read(text)), [Some(10), Some(14)]);
        for wrong in ["9", "15", "-1", "", "ten", "12.0", "99999999999"] {
            assert_eq!(rule.read(wrong), None, "{wrong}");
        }
        assert_eq!(rule.shape.allowed, "an integer from 10 to 14");
        assert_eq!(days(1, 9).read("2"), Some(Duration::from_secs(172_800)));
    }

    #[test]
    fn a_site_has_no_path() {
        assert_eq!(site().read(""), Some(None));
        for good in ["https://chat.example.org", "http://127.0.0.1:5000", "http://[::1]:80/"] {
            assert_eq!(site().read(good), Some(Some(good.trim_end_matches('/').to_owned())), "{good}");
        }
        for wrong in
            ["chat.example.org", "ftp://x", "https://x/chat", "https://a@b", "https://x?y", "https://"]
        {
            assert_eq!(site().read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_list_may_be_empty_but_no_item_may() {
        assert_eq!(networks().read(" "), Some(Vec::new()));
        assert_eq!(networks().read("127.0.0.1, 10.0.0.0/8").map(|list| list.len()), Some(2));
        for wrong in ["127.0.0.1,", "localhost", "10.0.0.0/33"] {
            assert_eq!(networks().read(wrong), None, "{wrong}");
        }
        assert_eq!(sites().read("https://a.org/, http://b:1").unwrap(), ["https://a.org", "http://b:1"]);
        for wrong in ["https://a.org,", "a.org", "https://a.org/x"] {
            assert_eq!(sites().read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn domains_are_names_and_come_once() {
        assert_eq!(domains().read(""), Some(Vec::new()));
        let read = domains().read("Chat.Example.org, chat.example.org,xn--bcher-kva.example").unwrap();
        assert_eq!(read, ["chat.example.org", "xn--bcher-kva.example"]);
        let long = format!("{}.org", "a".repeat(64));
        for wrong in [
            "*.example.org",
            "bücher.example",
            "192.0.2.7",
            "::1",
            "a..b",
            "-a.org",
            "a.org,",
            "a b",
            "a:443",
            &long,
        ] {
            assert_eq!(domains().read(wrong), None, "{wrong}");
        }
        let many: Vec<_> = (0..101).map(|number| format!("a{number}.org")).collect();
        assert_eq!(domains().read(&many.join(",")), None);
    }

    #[test]
    fn a_mail_address_is_one() {
        assert_eq!(mail_address().read(""), Some(None));
        assert_eq!(mail_address().read("a.b+c@example.org"), Some(Some("a.b+c@example.org".to_owned())));
        for wrong in
            ["admin", "@example.org", "a@", "a@b@", "mailto:a@b.org", "a@b.org,c@d.org", "a\r\n@b.org"]
        {
            assert_eq!(mail_address().read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_address_of_tls_begins_with_https() {
        assert!(https_url().read("https://acme.example.org:14000/dir").is_some());
        for wrong in ["", "http://a.org/dir", "a.org/dir", "https:///dir", "https://a@b.org"] {
            assert_eq!(https_url().read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn keys_are_never_shown() {
        use groupchat_infra::secrets::SecretKey;
        assert_eq!(keys().read(""), Some(None));
        let (one, other) = (SecretKey::generate().reveal(), SecretKey::generate().reveal());
        assert_eq!(keys().read(&format!("{one}, {other}")).flatten().map(|ring| ring.keys().len()), Some(2));
        for wrong in ["x", &one[1..], &format!("{one},{one}"), &format!("{one},")] {
            assert_eq!(keys().read(wrong), None, "{wrong}");
        }
        let mask = keys().shape.mask.unwrap();
        assert_eq!((mask(&one).as_str(), mask("x").as_str()), (MASK, MASK));
    }

    #[test]
    fn a_rate_has_two_numbers_or_is_off() {
        assert_eq!(rate().read("20/s burst 200"), Some(Some(RequestRate::new(20, 200))));
        assert_eq!(rate().read("off"), Some(None));
        for wrong in [
            "",
            "0/s burst 1",
            "1/s burst 0",
            "20/s",
            "20",
            "20/m burst 5",
            "-1/s burst 1",
            "9999999999/s burst 1",
        ] {
            assert_eq!(rate().read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_filter_is_checked_before_logging_starts() {
        for good in ["warn", "info,groupchat_api=debug", "off,[request{id}]=trace"] {
            assert!(log_filter().read(good).is_some(), "{good}");
        }
        for wrong in ["", "loud", "inof,access=off", "groupchat=loud", "a=b=c"] {
            assert_eq!(log_filter().read(wrong), None, "{wrong}");
        }
    }
}
