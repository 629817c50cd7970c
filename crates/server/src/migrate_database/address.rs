//! A database address on the command line.

use std::fmt;
use std::path::{Path, PathBuf};

use groupchat_infra::transfer::Endpoint;

use crate::database_url::DatabaseUrl;
use crate::storage;

/// A database as it is named on the command line. Prints without a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// The file of an embedded database.
    Embedded(PathBuf),
    /// A database on a PostgreSQL server.
    Server(DatabaseUrl),
}

impl Address {
    /// Reads `sqlite:PATH` or a URI of libpq. The path may be that of the data folder; two slashes before it, as
    /// others write it, are no part of it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("sqlite:") {
            Some(path) => {
                let path = path.strip_prefix("//").unwrap_or(path);
                (!path.is_empty()).then(|| Self::Embedded(file(Path::new(path))))
            }
            None => DatabaseUrl::parse(text).map(Self::Server),
        }
    }

    /// Where that is.
    pub(super) fn endpoint(&self) -> Endpoint {
        match self {
            Self::Embedded(path) => Endpoint::Sqlite(path.clone()),
            Self::Server(url) => Endpoint::Postgres(url.reveal().to_owned()),
        }
    }
}

fn file(path: &Path) -> PathBuf {
    if path.is_dir() { storage::database(path) } else { path.to_owned() }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded(path) => write!(f, "sqlite:{}", path.display()),
            Self::Server(url) => url.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_folders_and_servers_can_be_named() {
        let folder = std::env::temp_dir();
        let inside = folder.join("groupchat.db");
        for (text, path) in [
            ("sqlite:old/groupchat.db".to_owned(), PathBuf::from("old/groupchat.db")),
            ("sqlite:/srv/chat.db".to_owned(), PathBuf::from("/srv/chat.db")),
            ("sqlite:///srv/chat.db".to_owned(), PathBuf::from("/srv/chat.db")),
            (format!("sqlite:{}", folder.display()), inside),
        ] {
            assert_eq!(Address::parse(&text), Some(Address::Embedded(path)), "{text}");
        }
        let server = Address::parse("postgres://ann:hunter2@db/chat").unwrap();
        assert_eq!(server.to_string(), "postgres://ann:********@db/chat");
        assert_eq!(server.endpoint(), Endpoint::Postgres("postgres://ann:hunter2@db/chat".to_owned()));
    }

    #[test]
    fn other_words_are_no_database() {
        for text in ["", "sqlite:", "sqlite://", "data/groupchat.db", "mysql://root@db/chat", "postgres:chat"]
        {
            assert_eq!(Address::parse(text), None, "{text}");
        }
    }
}
