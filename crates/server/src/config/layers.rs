//! Which value each setting has, and where it comes from.

use std::borrow::Cow;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::error::SettingProblem;
use super::file;
use super::rule::Rule;
use super::setting::Setting;
use super::similar;
use super::source::SettingSource;

/// The file that is read when none is named, if it is there.
const USUAL_FILE: &str = "groupchat.toml";
/// How variables that the program reads begin.
const VARIABLE_PREFIX: &str = "GROUPCHAT_";
/// The setting of which a flag sets a part.
const LISTEN: &str = "listen";
/// The flag for the port alone, in place of the one for the whole address.
pub(super) const PORT: &str = "port";
/// The variable that names the file.
const FILE_VARIABLE: &str = "GROUPCHAT_CONFIG";

/// What the person who starts the program says about settings.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// The file that `--config` names.
    pub file: Option<PathBuf>,
    /// The environment.
    pub variables: Vec<(OsString, OsString)>,
    /// Settings by name, with what their flags say.
    pub flags: Vec<(&'static str, String)>,
}

/// A setting's value before it is checked.
#[derive(Debug)]
pub(crate) struct SettingValue {
    /// The setting.
    pub setting: Setting,
    /// The value as a variable would have it; what it is instead, if its type in the file is wrong.
    text: Result<String, String>,
    /// Where it comes from.
    pub origin: SettingSource,
}

impl SettingValue {
    /// The value for a person's eyes.
    pub(crate) fn shown(&self) -> Cow<'_, str> {
        let (Ok(text) | Err(text)) = &self.text;
        match self.setting.shape.mask {
            Some(mask) if !text.is_empty() => mask(text).into(),
            _ => text.into(),
        }
    }

    /// The value itself, which may be a secret, as a variable would have it.
    pub(crate) fn reveal(&self) -> &str {
        let (Ok(text) | Err(text)) = &self.text;
        text
    }

    fn invalid(&self) -> SettingProblem {
        let shape = &self.setting.shape;
        SettingProblem::Invalid {
            name: self.setting.name,
            value: match &self.text {
                Ok(_) if shape.mask.is_none() => format!("{:?}", self.shown()),
                _ => self.shown().into_owned(),
            },
            origin: self.origin.clone(),
            allowed: shape.allowed_here.map_or_else(|| shape.allowed.clone(), str::to_owned),
        }
    }
}

/// The value of every setting.
#[derive(Debug)]
pub(crate) struct Layers {
    /// In the order of the table.
    pub values: Vec<SettingValue>,
    /// What was said that can't be laid anywhere.
    pub problems: Vec<SettingProblem>,
}

impl Layers {
    /// What holds when nobody sets anything.
    pub(super) fn defaults(settings: Vec<Setting>) -> Self {
        let value = |setting: Setting| SettingValue {
            text: Ok(setting.default.to_owned()),
            setting,
            origin: SettingSource::Default,
        };
        Self { values: settings.into_iter().map(value).collect(), problems: Vec::new() }
    }

    /// Lays what was said over the defaults. A file that can't be read and settings that don't exist are told with the
    /// values that are not allowed, by [`Config::read`](super::Config::read).
    pub(super) fn lay(settings: Vec<Setting>, sources: &Sources) -> Self {
        let mut layers = Self::defaults(settings);
        if let Some(path) = config_file(sources) {
            layers.lay_file(&path);
        }
        for (name, text) in &sources.variables {
            layers.lay_variable(&name.to_string_lossy(), text.to_str());
        }
        for (name, text) in &sources.flags {
            if let Some(value) = layers.find(|setting| setting.name == *name) {
                value.origin = SettingSource::Flag(value.setting.flag());
                value.text = Ok(text.clone());
            }
        }
        if let Some((_, port)) = sources.flags.iter().rfind(|(name, _)| *name == PORT) {
            layers.lay_port(port);
        }
        layers
    }

    /// Reads one setting; tells `problems` if its value is not allowed.
    pub(crate) fn read<T: 'static>(
        &self,
        name: &str,
        rule: &Rule<T>,
        problems: &mut Vec<SettingProblem>,
    ) -> Option<T> {
        let value = self.values.iter().find(|value| value.setting.name == name)?;
        let read = value.text.as_deref().ok().and_then(|text| rule.read(text));
        if read.is_none() {
            problems.push(value.invalid());
        }
        read
    }

    fn lay_file(&mut self, path: &Path) {
        let entries = match file::read(path) {
            Ok(entries) => entries,
            Err(problem) => return self.problems.push(problem),
        };
        for (name, entry) in entries {
            let origin = SettingSource::File(path.to_owned());
            match self.find(|setting| setting.name == name) {
                Some(value) => {
                    value.text = file::text(&entry, value.setting.shape.kind);
                    value.origin = origin;
                }
                None => self.refuse_unknown("", name, origin, |setting| setting.name.to_owned()),
            }
        }
    }

    /// A variable that isn't ours is none of our business; one that only looks so is a slip.
    fn lay_variable(&mut self, name: &str, text: Option<&str>) {
        if !name.starts_with(VARIABLE_PREFIX) || name == FILE_VARIABLE {
            return;
        }
        let origin = SettingSource::Variable(name.to_owned());
        match self.find(|setting| setting.variable() == name) {
            Some(value) => {
                value.text = text.map(str::to_owned).ok_or_else(|| "not UTF-8".to_owned());
                value.origin = origin;
            }
            None => self.refuse_unknown(VARIABLE_PREFIX, name.to_owned(), origin, Setting::variable),
        }
    }

    /// The port alone: the address stays as the other layers have it.
    fn lay_port(&mut self, text: &str) {
        let origin = SettingSource::Flag(PORT.to_owned());
        let Ok(port) = text.parse::<u16>() else {
            let (value, allowed) = (format!("{text:?}"), "an integer from 0 to 65535".to_owned());
            return self.problems.push(SettingProblem::Invalid { name: PORT, value, origin, allowed });
        };
        let Some(listen) = self.find(|setting| setting.name == LISTEN) else { return };
        if listen.origin == SettingSource::Flag(LISTEN.to_owned()) {
            return self.problems.push(SettingProblem::Together(PORT, LISTEN));
        }
        // One that is no address is told as such.
        if let Some(mut address) = listen.text.as_ref().ok().and_then(|text| text.parse::<SocketAddr>().ok())
        {
            address.set_port(port);
            (listen.text, listen.origin) = (Ok(address.to_string()), origin);
        }
    }

    fn find(&mut self, is_it: impl Fn(&Setting) -> bool) -> Option<&mut SettingValue> {
        self.values.iter_mut().find(|value| is_it(&value.setting))
    }

    /// `prefix` is what all names of this layer have in common.
    fn refuse_unknown(
        &mut self,
        prefix: &str,
        name: String,
        origin: SettingSource,
        named: impl Fn(&Setting) -> String,
    ) {
        let known: Vec<_> = self.values.iter().map(|value| named(&value.setting)).collect();
        let instead = match similar::find(&name, prefix, &known) {
            Some(meant) => format!("did you mean {meant}?"),
            None => format!("known settings are {}", known.join(", ")),
        };
        self.problems.push(SettingProblem::Unknown { name, origin, instead });
    }
}

/// The file to read: the one that is named must be there, the usual one may be.
fn config_file(sources: &Sources) -> Option<PathBuf> {
    let variable = || sources.variables.iter().find(|(name, _)| name == FILE_VARIABLE);
    let named = sources.file.clone().or_else(|| variable().map(|(_, path)| PathBuf::from(path)));
    named.or_else(|| Some(PathBuf::from(USUAL_FILE)).filter(|path| path.exists()))
}

#[cfg(test)]
mod tests;
