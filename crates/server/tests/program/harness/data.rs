//! Where a server keeps its data: a folder, or with the feature `postgres` a database on a server.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

#[cfg(feature = "postgres")]
use groupchat_testing::Scratch;
use tempfile::TempDir;

/// A server's data, removed with the test.
pub(crate) struct Data {
    folder: PathBuf,
    _temporary: Option<TempDir>,
    #[cfg(feature = "postgres")]
    url: String,
    #[cfg(feature = "postgres")]
    _scratch: Option<Scratch>,
}

/// Data of which there is none yet.
#[cfg(not(feature = "postgres"))]
pub(crate) fn data() -> Data {
    let temporary = folder();
    Data { folder: temporary.path().to_owned(), _temporary: Some(temporary) }
}

/// Data of which there is none yet.
#[cfg(feature = "postgres")]
pub(crate) fn data() -> Data {
    let scratch = Scratch::create();
    let data = Data::on(scratch.url());
    Data { _scratch: Some(scratch), ..data }
}

/// A folder for a test's own files.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

impl Data {
    /// Data in a folder that a test names.
    #[cfg(not(feature = "postgres"))]
    pub(crate) fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), _temporary: None }
    }

    /// Data in the database with this address.
    #[cfg(feature = "postgres")]
    pub(crate) fn on(url: &str) -> Self {
        let temporary = folder();
        let folder = temporary.path().to_owned();
        Self { folder, _temporary: Some(temporary), url: url.to_owned(), _scratch: None }
    }

    /// The data folder. On PostgreSQL the program doesn't use it, and tests may put their files there.
    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }

    /// The database's address.
    #[cfg(feature = "postgres")]
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What a command takes from the environment because no flag is told for it: the database's address.
    pub(crate) fn variables(&self) -> Vec<(&'static str, OsString)> {
        #[cfg(feature = "postgres")]
        let address = vec![("GROUPCHAT_DATABASE_URL", self.url().into())];
        #[cfg(not(feature = "postgres"))]
        let address = Vec::new();
        address.into_iter().chain(self.key_file()).collect()
    }

    /// Where the key for secrets is. On PostgreSQL there is none otherwise, which is worth a warning.
    pub(crate) fn key_file(&self) -> Option<(&'static str, OsString)> {
        let file = self.folder.join("secrets.key").into_os_string();
        cfg!(feature = "postgres").then_some(("GROUPCHAT_SECRETS_KEY_FILE", file))
    }

    /// What tells the program to use this data.
    pub(crate) fn arguments(&self) -> Vec<OsString> {
        let folder = ["--data-dir".into(), self.folder.clone().into_os_string()];
        #[cfg(feature = "postgres")]
        let database = ["--database-url".into(), self.url().into()];
        #[cfg(not(feature = "postgres"))]
        let database = [];
        folder.into_iter().chain(database).collect()
    }
}
