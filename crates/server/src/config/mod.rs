//! The configuration: defaults, then a TOML file, then `GROUPCHAT_*` variables, then flags. Later ones override earlier
//! ones.
//!
//! Everything follows from the table in [`settings`]. To add a setting, add a row there, and use it where the program
//! is wired.

mod error;
mod file;
mod flags;
mod layers;
mod rule;
mod settings;
mod show;
mod similar;

pub(crate) use error::ConfigError;
pub(crate) use flags::SettingFlags;
pub(crate) use layers::{Layers, Sources};
pub(crate) use settings::Config;
#[cfg(test)]
pub(crate) use settings::settings;
pub(crate) use show::{as_json, as_markdown, as_text};

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(crate) fn load(sources: &Sources) -> Result<Self, ConfigError> {
        Self::read(&Layers::gather(sources))
    }
}
