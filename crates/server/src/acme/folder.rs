//! The folder with the account at the authority and the certificate, both with their private keys.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use groupchat_infra::private_file::replace_private_file;
use instant_acme::AccountCredentials;
use serde::{Deserialize, Serialize};

use super::error::AcmeError;

/// The file with the private key and the certificate, followed by those of its issuers, in PEM.
const CERTIFICATE: &str = "certificate.pem";
const ACCOUNT: &str = "account.json";

/// The files.
pub(super) struct Folder(PathBuf);

/// The account at an authority.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredAccount {
    /// The authority.
    pub directory: String,
    /// The account's address and its key.
    pub credentials: AccountCredentials,
}

impl Folder {
    pub(super) fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The certificate, if there is one.
    pub(super) fn certificate(&self) -> Option<Vec<u8>> {
        fs::read(certificate_in(&self.0)).ok()
    }

    /// The account, if there is one that can be read.
    pub(super) fn account(&self) -> Option<StoredAccount> {
        let text = fs::read(self.0.join(ACCOUNT)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    pub(super) fn write_certificate(&self, pem: &str) -> Result<(), AcmeError> {
        self.write(CERTIFICATE, pem.as_bytes())
    }

    pub(super) fn write_account(&self, account: &StoredAccount) -> Result<(), AcmeError> {
        let text = serde_json::to_vec(account).map_err(instant_acme::Error::Json)?;
        self.write(ACCOUNT, &text)
    }

    pub(super) fn forget_account(&self) {
        let _ = fs::remove_file(self.0.join(ACCOUNT));
    }

    /// Replaces a file in one step, for its owner only.
    fn write(&self, name: &str, contents: &[u8]) -> Result<(), AcmeError> {
        let path = self.0.join(name);
        let written = self.make().and_then(|()| replace_private_file(&path, contents));
        written.map_err(|source| AcmeError::Folder { path, source })
    }

    fn make(&self) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.0)
    }
}

/// The file with the certificate in a folder.
pub(crate) fn certificate_in(folder: &Path) -> PathBuf {
    folder.join(CERTIFICATE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_is_its_owners_only() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(&place.path().join("a/b"));
        assert_eq!(folder.certificate(), None);
        // As a power failure leaves it.
        fs::create_dir_all(&folder.0).unwrap();
        fs::write(folder.0.join("certificate.pem.unfinished-1"), "half").unwrap();
        for text in ["one", "another"] {
            folder.write_certificate(text).unwrap();
            assert_eq!(folder.certificate().unwrap(), text.as_bytes());
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(certificate_in(&folder.0)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
    }

    #[test]
    fn an_account_that_cannot_be_read_is_none() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        fs::write(place.path().join(ACCOUNT), "{").unwrap();
        assert!(folder.account().is_none());
    }
}
