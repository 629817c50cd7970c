//! A flag for every setting, generated from the table.

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::layers::PORT;
use super::setting::Setting;
use super::settings::settings;

/// The settings that every command takes; the command line declares them.
const EVERYWHERE: [&str; 2] = ["data_dir", "database_url"];

/// What the flags say, by the names of settings.
#[derive(Debug, Clone, Default)]
pub(crate) struct SettingFlags(pub Vec<(&'static str, String)>);

/// The settings whose flags are made here.
fn own() -> impl Iterator<Item = Setting> {
    settings().into_iter().filter(|setting| !EVERYWHERE.contains(&setting.name))
}

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
        let port = Arg::new(PORT)
            .long(PORT)
            .value_name("PORT")
            .help("The port to listen on, with the address from the other sources; to set both, use --listen")
            .help_heading("Settings");
        own().map(|setting| flag(&setting)).chain([port]).fold(command, Command::arg)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |name: &'static str| {
            // An error means that this command doesn't have the flag.
            let text = matches.try_get_one::<String>(name).ok().flatten()?;
            Some((name, text.clone()))
        };
        Ok(Self(own().map(|setting| setting.name).chain([PORT]).filter_map(given).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.extend(Self::from_arg_matches(matches)?.0);
        Ok(())
    }
}
