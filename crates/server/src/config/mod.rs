//! The configuration: defaults, then a TOML file, then `GROUPCHAT_*` variables, then flags; later ones win.
//!
//! [`settings`] has the table from which everything else follows. To add a setting: a row there, and its use
//! where the program is wired.

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
