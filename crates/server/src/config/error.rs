//! What can be wrong with a configuration, in words for people.

use std::fmt;
use std::path::PathBuf;

use super::source::SettingSource;

/// Everything that is wrong, each on a line of its own.
#[derive(Debug, thiserror::Error)]
pub(crate) struct ConfigError(pub Vec<SettingProblem>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is invalid")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum SettingProblem {
    /// The file that was named, or found, can't be read.
    #[error("can't read the file {}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        reason: String,
    },
    /// The file is not TOML.
    #[error("the file {} is not valid TOML: line {line}: {reason}", path.display())]
    NotToml {
        /// The file.
        path: PathBuf,
        /// Where, counted from 1.
        line: usize,
        /// Why.
        reason: String,
    },
    /// There is no such setting.
    #[error("{name} ({origin}): unknown setting; {instead}")]
    Unknown {
        /// Its name.
        name: String,
        /// Where it was set.
        origin: SettingSource,
        /// What may have been meant, or the names that there are.
        instead: String,
    },
    /// A value is not allowed.
    #[error("{name} = {value} ({origin}): must be {allowed}")]
    Invalid {
        /// The setting.
        name: &'static str,
        /// The value, unless it is a secret.
        value: String,
        /// Where it was set.
        origin: SettingSource,
        /// What is allowed.
        allowed: String,
    },
    /// Two flags set the same.
    #[error("--{0} and --{1} can't be used together")]
    Together(&'static str, &'static str),
}
