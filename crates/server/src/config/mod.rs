//! The configuration: defaults, then a TOML file, then `GROUPCHAT_*` variables, then flags. Later ones override earlier
//! ones.
//!
//! Everything follows from the table in [`settings`](mod@settings). To add a setting, add a row there, and use it where
//! the program is wired.

mod error;
mod file;
mod flags;
mod layers;
mod rule;
mod setting;
mod settings;
mod show;
mod similar;
mod source;

pub(crate) use error::ConfigError;
pub(crate) use flags::SettingFlags;
pub(crate) use layers::{Layers, Sources};
pub(crate) use settings::{Config, settings};
pub(crate) use show::{as_json, as_markdown, as_text};

/// The value of every setting, before it is checked.
pub(crate) fn gather(sources: &Sources) -> Layers {
    Layers::lay(settings(), sources)
}

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    #[cfg(test)]
    pub(crate) fn load(sources: &Sources) -> Result<Self, ConfigError> {
        Self::read(&gather(sources))
    }

    /// What holds when nobody sets anything.
    #[cfg(test)]
    pub(crate) fn defaults() -> Self {
        Self::read(&Layers::defaults(settings())).expect("every default is allowed")
    }
}
