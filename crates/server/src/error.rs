//! Why the program exits with code 1, in words for people.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use groupchat_domain::{Error as DomainError, Refusal};
use groupchat_infra::audit::AuditDamage;
#[cfg(feature = "postgres")]
use groupchat_infra::postgres;
use groupchat_infra::secrets::{KeyFileError, RotateError};
use groupchat_infra::sqlite::{BackupError, DataDirLockError, OpenError, RestoreError, VerifyError};
use groupchat_infra::transfer::TransferError;

use crate::config::ConfigError;
use crate::database_url::DatabaseUrl;
use crate::mail::MailError;
use crate::tls::CertificateError;

/// What keeps a command from being carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProgramError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data folder can't be made.
    #[error("can't create the data folder {}", path.display())]
    DataDir {
        /// The folder.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The certificate for TLS can't be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The server's keys can't be used.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// The keys are given twice.
    #[error("the settings secrets.key and secrets.key_file can't be used together")]
    TwoKeySources,
    /// The keys can't be changed by a command, since they are a setting.
    #[error(
        "the keys are in the setting secrets.key: put a new one (`groupchat secrets new-key`) behind the others, restart all \
         servers, put it first, restart them again, and use --no-new-key"
    )]
    FixedKeys,
    /// There is nothing to rotate.
    #[error("the server has no key for secrets: set secrets.key_file, and start it")]
    NoKeys,
    /// The keys can't be rotated.
    #[error(transparent)]
    Rotate(#[from] RotateError),
    /// Mail can't be sent as the settings say.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// Another server uses the data folder, or the lock file can't be written.
    #[error(transparent)]
    Lock(#[from] DataDirLockError),
    /// The database can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database on a PostgreSQL server can't be opened.
    #[cfg(feature = "postgres")]
    #[error(transparent)]
    OpenOnServer(#[from] postgres::OpenError),
    /// There is nothing to work on.
    #[error("there is no database in {}; name the data folder of a server with --data-dir", .0.display())]
    NoDatabase(PathBuf),
    /// The command is for the embedded database only.
    #[error(
        "this command works only with the embedded database, but the database is {0}: back up PostgreSQL with \
         `pg_dump`, restore it with `pg_restore`, and move the data with `groupchat migrate-database`"
    )]
    NotEmbedded(DatabaseUrl),
    /// No backup was made.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// A backup can't be relied on.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// Nothing was restored.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// Nothing was copied.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// The flag names no database. Its value is not told, since it may hold a password.
    #[error(
        "{0} must be sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE; in a password, write characters such as \
         @, / and ? as %40, %2F and %3F"
    )]
    Address(&'static str),
    /// The audit log was tampered with, or is damaged.
    #[error("the audit log is not as it was written: {0}")]
    Audit(AuditDamage),
    /// What was asked for can't be written to the standard output.
    #[error("can't write to standard output")]
    WriteOutput(#[source] io::Error),
    /// Some checks failed; which, has been printed.
    #[error("{failed} of {made} checks failed")]
    Unhealthy {
        /// How many failed.
        failed: usize,
        /// How many there were.
        made: usize,
    },
    /// The server doesn't say that it is well.
    #[error("the server at {address} is unhealthy: {reason}")]
    Unwell {
        /// Where it was asked.
        address: SocketAddr,
        /// What it says, or why it says nothing.
        reason: String,
    },
    /// The address can't be listened on.
    #[error("can't listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        source: io::Error,
    },
    /// The operating system denies something that the server needs.
    #[error("can't start {what}")]
    Start {
        /// What was to be started.
        what: &'static str,
        /// What the operating system says.
        source: io::Error,
    },
    /// The standard input can't be read.
    #[error("can't read the password from standard input")]
    ReadPassword(#[source] io::Error),
    /// A value on the command line breaks a rule.
    #[error("{0}")]
    Invalid(String),
    /// A use case rejected the request, or failed.
    #[error(transparent)]
    Domain(DomainError),
}

impl ProgramError {
    /// What the program tells whoever started it: 2 for what is wrong with how it was started, as the reader
    /// of the command line does, else 1.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Address(_) => 2,
            _ => 1,
        }
    }
}

impl From<DomainError> for ProgramError {
    fn from(error: DomainError) -> Self {
        match error {
            DomainError::Refused(Refusal::Invalid(errors)) => {
                let lines = errors.iter().map(|error| format!("{} {}", error.field, error.violation.detail));
                Self::Invalid(lines.collect::<Vec<_>>().join("; "))
            }
            error => Self::Domain(error),
        }
    }
}
