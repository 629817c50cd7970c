//! What the table of settings says of one.

use super::rule::{Rule, ValueShape};

/// A row of the table.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    /// Its name: the path to it in TOML.
    pub name: &'static str,
    /// What it means, in a sentence or two.
    pub meaning: &'static str,
    /// What it is when nobody sets it, as a variable would be written.
    pub default: &'static str,
    /// What it may be.
    pub shape: ValueShape,
    /// Whether a running server takes over a new value when it is told to reload.
    pub is_live: bool,
}

impl Setting {
    pub(super) fn new<T>(
        name: &'static str,
        meaning: &'static str,
        default: &'static str,
        rule: Rule<T>,
    ) -> Self {
        Self { name, meaning: meaning.trim(), default, shape: rule.shape, is_live: false }
    }

    /// The same, taken over by a running server.
    pub(super) const fn live(mut self) -> Self {
        self.is_live = true;
        self
    }

    /// The environment variable that sets it.
    pub(crate) fn variable(&self) -> String {
        format!("GROUPCHAT_{}", self.name.replace('.', "_").to_uppercase())
    }

    /// The flag that sets it, without its dashes.
    pub(crate) fn flag(&self) -> String {
        self.name.replace(['.', '_'], "-")
    }
}
