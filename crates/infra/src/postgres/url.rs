//! The libpq parameters that we add to the URL, and how a URL is displayed.

/// Parameters with which we notice within a minute that the database server's machine has vanished, which plain TCP
/// notices only after hours. They also prevent libpq from trying Kerberos for encryption unless asked: it would look
/// for tickets at each connection, and the library aborts a process that ends during this.
///
/// Names and units are libpq's (PostgreSQL documentation, 34.1.2 "Parameter Key Words").
const DEFAULTS: [(&str, &str); 6] = [
    ("connect_timeout", "5"),
    ("keepalives_idle", "30"),
    ("keepalives_interval", "10"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "30000"),
    ("gssencmode", "disable"),
];

/// The URL with our defaults for parameters that it doesn't set.
pub(super) fn with_defaults(url: &str) -> String {
    let (mut complete, query) = (url.to_owned(), url.split_once('?').map(|(_, query)| query));
    let is_given = |name: &str| {
        let mut parameters = query.unwrap_or_default().split('&');
        parameters.any(|parameter| parameter.split('=').next() == Some(name))
    };
    for (name, value) in DEFAULTS {
        if !is_given(name) {
            complete.push(if complete.contains('?') { '&' } else { '?' });
            complete.push_str(&format!("{name}={value}"));
        }
    }
    complete
}

/// The URL without its possibly secret parts: user, password and parameters. Empty for text that is not a URL.
pub(super) fn shown(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", ""));
    let bare = rest.split('?').next().unwrap_or_default();
    // A password may contain an @ or a / that should have been escaped.
    let place = bare.rsplit_once('@').map_or(bare, |(_, place)| place);
    format!("{scheme}://{place}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_the_url_take_precedence() {
        let url = with_defaults("postgres://db/chat?sslmode=verify-full&connect_timeout=60");
        assert!(
            url.starts_with("postgres://db/chat?sslmode=verify-full&connect_timeout=60&keepalives_idle=30&")
        );
        assert_eq!(url.matches("connect_timeout").count(), 1);
        assert!(with_defaults("postgres:///chat").starts_with("postgres:///chat?connect_timeout=5&"));
    }

    #[test]
    fn no_secret_is_shown() {
        for url in [
            "postgres://ann:se@cr/et@db.example:5432/chat?password=secret",
            "postgres://db.example:5432/chat?sslpassword=secret",
        ] {
            assert_eq!(shown(url), "postgres://db.example:5432/chat");
        }
        assert_eq!(shown("host=db.example password=secret"), "postgres://");
    }
}
