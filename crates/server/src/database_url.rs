//! The address of a PostgreSQL database. Only libpq gets its password.

use std::fmt;

/// What is shown in place of a secret.
pub(crate) const MASK: &str = "********";

/// How such an address begins; libpq knows both.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// Words in the names of libpq's parameters whose values may be secrets.
const SECRETS: [&str; 3] = ["pass", "secret", "key"];

/// A connection URI of libpq (PostgreSQL's manual, "Connection URIs"). Prints without its password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct DatabaseUrl {
    whole: String,
    shown: String,
}

impl DatabaseUrl {
    /// Reads a URI; `None` where libpq would not take it, or not as it is meant: it would look for the server
    /// at the rest of a password that has an '@', '/' or '?' in it, and say so aloud. Those have to be
    /// percent-encoded.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let scheme = SCHEMES.into_iter().find(|scheme| text.starts_with(scheme))?;
        let rest = &text[scheme.len()..];
        if !rest.chars().all(|c| c.is_ascii_graphic()) || !is_encoded(rest) {
            return None;
        }
        let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
        let (authority, database) = place.split_once('/').unwrap_or((place, ""));
        let (user, hosts) = authority.split_once('@').map_or((None, authority), |(u, h)| (Some(u), h));
        if [hosts, database, query.unwrap_or_default()].iter().any(|part| part.contains('@'))
            || database.contains('/')
            || !hosts.split(',').all(has_sound_port)
        {
            return None;
        }
        let user = user.map(shown_user).unwrap_or_default();
        let slash = if place.contains('/') { "/" } else { "" };
        let query = match query {
            Some(query) => format!("?{}", shown_query(query)?),
            None => String::new(),
        };
        let shown = format!("{scheme}{user}{hosts}{slash}{database}{query}");
        Some(Self { whole: text.to_owned(), shown })
    }

    /// The URI with its password.
    pub(crate) fn reveal(&self) -> &str {
        &self.whole
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

/// What may be shown of a text that should be such an address; if it is none, nothing.
pub(crate) fn shown(text: &str) -> String {
    DatabaseUrl::parse(text).map_or_else(|| MASK.to_owned(), |url| url.to_string())
}

/// Whether every '%' begins the code of a character other than U+0000.
pub(crate) fn is_encoded(text: &str) -> bool {
    text.split('%').skip(1).all(|part| {
        part.get(..2).is_some_and(|code| code.chars().all(|c| c.is_ascii_hexdigit()) && code != "00")
    })
}

/// Whether a host, in brackets if it is an address of IPv6, is followed by nothing but a port.
pub(crate) fn has_sound_port(host: &str) -> bool {
    let rest = match host.strip_prefix('[') {
        Some(address) => address.split_once(']').map(|(_, rest)| rest),
        None => Some(host.find(':').map_or("", |at| &host[at..])),
    };
    let is_port =
        |rest: &str| rest.strip_prefix(':').is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()));
    rest.is_some_and(|rest| rest.is_empty() || is_port(rest))
}

/// `user:password@` without the password.
fn shown_user(user: &str) -> String {
    match user.split_once(':') {
        Some((name, _)) => format!("{name}:{MASK}@"),
        None => format!("{user}@"),
    }
}

/// The parameters without secrets. A name that is written in codes may be any, also that of a secret.
fn shown_query(query: &str) -> Option<String> {
    let shown = query.split('&').map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let may_be_secret = name.contains('%') || SECRETS.iter().any(|word| name.contains(word));
        Some(format!("{name}={}", if may_be_secret { MASK } else { value }))
    });
    Some(shown.collect::<Option<Vec<_>>>()?.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_secrets_is_shown() {
        for (whole, shown) in [
            (
                "postgres://ann:hunter2@db.example.org:5432/chat",
                "postgres://ann:********@db.example.org:5432/chat",
            ),
            (
                "postgresql://ann@[::1]:5432/chat?sslmode=require",
                "postgresql://ann@[::1]:5432/chat?sslmode=require",
            ),
            ("postgres://a:hunter2%40:x@h1:1,h2/chat", "postgres://a:********@h1:1,h2/chat"),
            (
                "postgres:///chat?host=/run/postgresql&password=hunter2",
                "postgres:///chat?host=/run/postgresql&password=********",
            ),
            (
                "postgres:///chat?pass%77ord=hunter2&sslpassword=hunter2",
                "postgres:///chat?pass%77ord=********&sslpassword=********",
            ),
            ("postgres://", "postgres://"),
        ] {
            let url = DatabaseUrl::parse(whole).unwrap();
            assert_eq!((url.whole.as_str(), url.to_string().as_str()), (whole, shown));
            assert!(!format!("{url}{url:?}").contains("hunter2"), "{url:?}");
        }
    }

    #[test]
    fn what_libpq_would_not_take_as_it_is_meant_is_refused() {
        for wrong in [
            "",
            "mysql://root@localhost/chat",
            "postgres:chat",
            "host=localhost password=hunter2",
            "postgres://ann:hunt@er2@localhost/chat",
            "postgres://ann:hunt/er2@localhost/chat",
            "postgres://ann:hunt?er2@localhost/chat",
            "postgres://ann:hunt%er2@localhost/chat",
            "postgres://ann:hunt er2@localhost/chat",
            "postgres://ann:hunter2",
            "postgres://localhost:port/chat",
            "postgres://[::1/chat",
            "postgres://localhost/a/b",
            "postgres://localhost/chat?sslmode",
            "postgres://localhost/%00",
        ] {
            assert_eq!(DatabaseUrl::parse(wrong), None, "{wrong}");
        }
    }
}
