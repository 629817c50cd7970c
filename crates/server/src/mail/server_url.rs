//! The address of a mail server. Only the mail server gets its password.

use std::fmt;
use std::net::IpAddr;

use groupchat_infra::mail::MailSecurity;

use crate::database_url::{MASK, has_sound_port, is_encoded};

/// The port for TLS from the first byte (RFC 8314, section 3.3).
const SUBMISSIONS: u16 = 465;
/// The port for STARTTLS (RFC 6409).
const SUBMISSION: u16 = 587;

/// `smtps://USER:PASSWORD@HOST:PORT` for TLS from the first byte, `smtp://…` for STARTTLS. Prints without its password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct MailServerUrl {
    /// The name of the server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How connections are protected. Only to this machine they may be without.
    pub security: MailSecurity,
    /// The name and the password to sign in with.
    pub login: Option<(String, String)>,
    shown: String,
}

impl MailServerUrl {
    /// Reads an address; `None` if it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        if !rest.chars().all(|c| c.is_ascii_graphic()) || !is_encoded(rest) || rest.contains(['/', '?', '#'])
        {
            return None;
        }
        let (user, place) = match rest.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, rest),
        };
        let (host, port) = host_and_port(place)?;
        let (security, usual) = match scheme {
            "smtps" => (MailSecurity::Tls, SUBMISSIONS),
            "smtp" if is_this_machine(&host) => (MailSecurity::IfOffered, SUBMISSION),
            "smtp" => (MailSecurity::StartTls, SUBMISSION),
            _ => return None,
        };
        let login = match user {
            Some(user) => {
                let (name, password) = user.split_once(':')?;
                Some((decoded(name)?, decoded(password)?))
            }
            None => None,
        };
        let shown_user = user.map(|user| {
            let name = user.split(':').next().unwrap_or_default();
            format!("{name}:{MASK}@")
        });
        let shown = format!("{scheme}://{}{place}", shown_user.unwrap_or_default());
        Some(Self { host, port: port.unwrap_or(usual), security, login, shown })
    }
}

impl fmt::Debug for MailServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailServerUrl({})", self.shown)
    }
}

/// What may be shown of a text that should be such an address; if it is none, nothing.
pub(crate) fn shown(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    MailServerUrl::parse(text).map_or_else(|| MASK.to_owned(), |url| url.shown)
}

/// The host, an address of IPv6 without its brackets, and the port if there is one.
fn host_and_port(place: &str) -> Option<(String, Option<u16>)> {
    if !has_sound_port(place) {
        return None;
    }
    let (host, port) = match place.strip_prefix('[') {
        Some(address) => address.split_once(']').map(|(host, rest)| (host, rest.strip_prefix(':')))?,
        None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
    };
    let port = port
        .map(|port| port.parse().ok().filter(|port| *port > 0))
        .map_or(Some(None), |port| port.map(Some))?;
    (!host.is_empty() && !host.contains('@')).then(|| (host.to_owned(), port))
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// The text with every `%XX` as its byte; `None` if that is not UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend_from_slice(part.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (String, u16, MailSecurity, Option<(String, String)>) {
        let url = MailServerUrl::parse(text).unwrap_or_else(|| panic!("{text}"));
        (url.host, url.port, url.security, url.login)
    }

    #[test]
    fn the_scheme_says_how_connections_are_protected() {
        let host = || "mail.example.org".to_owned();
        assert_eq!(parsed("smtps://mail.example.org"), (host(), 465, MailSecurity::Tls, None));
        assert_eq!(parsed("smtp://mail.example.org:25"), (host(), 25, MailSecurity::StartTls, None));
        let login = Some(("chat@example.org".to_owned(), "p:s/s".to_owned()));
        let text = "smtp://chat%40example.org:p:s%2Fs@mail.example.org";
        assert_eq!(parsed(text), (host(), 587, MailSecurity::StartTls, login));
        for here in ["smtp://127.0.0.1:2525", "smtp://localhost:2525", "smtp://[::1]:2525"] {
            assert_eq!((parsed(here).1, parsed(here).2), (2525, MailSecurity::IfOffered), "{here}");
        }
        assert_eq!(parsed("smtps://[::1]").0, "::1");
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in [
            "",
            "mail.example.org",
            "http://mail.example.org",
            "smtp://",
            "smtp://user@host",
            "smtp://host/path",
            "smtp://host?tls=none",
            "smtp://host:0",
            "smtp://host:99999",
            "smtp://host:x",
            "smtp://u:p%4@host",
            "smtp://u:p%FF@host",
            "smtp://u:p w@host",
        ] {
            assert!(MailServerUrl::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_password_is_not_shown() {
        let text = "smtps://chat:secret@mail.example.org:465";
        assert_eq!(shown(text), "smtps://chat:********@mail.example.org:465");
        assert_eq!(shown("smtps://chat:sec/ret@mail.example.org"), MASK);
        assert_eq!(shown(""), "");
        let debug = format!("{:?}", MailServerUrl::parse(text).unwrap());
        assert!(!debug.contains("secret"), "{debug}");
    }
}
