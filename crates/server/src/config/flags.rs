//! A flag for every setting, made from the table.

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::settings::{Setting, settings};

/// The one setting that every command takes; the command line declares it.
const DATA_DIR: &str = "data_dir";

/// What the flags say, by the names of settings.
#[derive(Debug, Clone, Default)]
pub struct SettingFlags(pub Vec<(&'static str, String)>);

fn flag(setting: &Setting) -> Arg {
    let default = if setting.default.is_empty() { "none" } else { setting.default };
    let unit = setting.shape.unit.map(|unit| format!(" {unit}")).unwrap_or_default();
    Arg::new(setting.name)
        .long(setting.flag())
        .value_name(setting.shape.type_name.replace(' ', "_").to_uppercase())
        .help(format!("{} [default: {default}{unit}]", setting.meaning))
        .help_heading("Settings")
}

impl Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        settings().iter().filter(|setting| setting.name != DATA_DIR).map(flag).fold(command, Command::arg)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |setting: Setting| {
            // An error means that this command doesn't have the flag.
            let text = matches.try_get_one::<String>(setting.name).ok().flatten()?;
            Some((setting.name, text.clone()))
        };
        Ok(Self(
            settings().into_iter().filter(|setting| setting.name != DATA_DIR).filter_map(given).collect(),
        ))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.extend(Self::from_arg_matches(matches)?.0);
        Ok(())
    }
}
