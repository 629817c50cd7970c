//! Where the database is that is measured or filled.

use std::fmt;
use std::path::PathBuf;

/// The variable from which the server takes the address of its database. Unlike a flag, it is not shown to
/// everybody on the machine.
const DATABASE_URL: &str = "GROUPCHAT_DATABASE_URL";

/// Where a database is.
#[derive(Debug, Clone)]
pub(crate) enum DatabaseLocation {
    /// In a data directory of the server.
    Directory(PathBuf),
    /// On a PostgreSQL server.
    Server(DatabaseUrl),
}

impl DatabaseLocation {
    /// The arguments that lead the server there.
    pub(crate) fn arguments(&self) -> Vec<String> {
        match self {
            Self::Directory(path) => vec!["--data-dir".to_owned(), path.to_string_lossy().into_owned()],
            Self::Server(_) => Vec::new(),
        }
    }

    /// The variables that lead the server there, whatever those of this program say.
    pub(crate) fn variables(&self) -> [(&'static str, &str); 1] {
        match self {
            Self::Directory(_) => [(DATABASE_URL, "")],
            Self::Server(url) => [(DATABASE_URL, url.reveal())],
        }
    }
}

impl fmt::Display for DatabaseLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => write!(f, "{}", path.display()),
            Self::Server(_) => f.write_str("the database of --database-url"),
        }
    }
}

/// The address of a PostgreSQL database, which may hold a password: it is not printed.
#[derive(Clone)]
pub(crate) struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Whether libpq takes it for an address.
    pub(crate) fn is_url(&self) -> bool {
        ["postgres://", "postgresql://"].iter().any(|scheme| self.0.starts_with(scheme))
    }

    /// The address with its password.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for DatabaseUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_database_is_told_to_the_server_alone() {
        let location = DatabaseLocation::Server("postgres://ann:hunter2@db/chat".to_owned().into());
        assert!(!format!("{location}{location:?}{:?}", location.arguments()).contains("hunter2"));
        assert_eq!(location.variables(), [("GROUPCHAT_DATABASE_URL", "postgres://ann:hunter2@db/chat")]);
    }

    #[test]
    fn a_directory_is_measured_whatever_database_the_environment_names() {
        let location = DatabaseLocation::Directory("data".into());
        assert_eq!(location.arguments(), ["--data-dir", "data"]);
        assert_eq!(location.variables(), [("GROUPCHAT_DATABASE_URL", "")]);
    }
}
