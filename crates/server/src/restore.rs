//! `groupchat restore`: replaces the database with a backup.

use std::path::{Path, PathBuf};

use clap::Args;
use groupchat_domain::time::Clock;
use groupchat_infra::clock::SystemClock;
use groupchat_infra::sqlite::{self, DataDirLock, RestorePaths};
use serde::Serialize;

use crate::config::Config;
use crate::error::ProgramError;
use crate::progress::ProgressLine;
use crate::shown_contents::ShownContents;
use crate::shown_salvage::ShownSalvage;
use crate::{console, storage};

/// What to restore, and where to.
#[derive(Debug, Clone, Args)]
pub(crate) struct RestoreOptions {
    /// The backup.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// After the restore, recover everything from this damaged database that is intact and newer than the backup. It
    /// may be the one in the data folder.
    #[arg(long, value_name = "FILE")]
    pub salvage: Option<PathBuf>,
    /// Print JSON, for scripts.
    #[arg(long)]
    pub json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    file: &'a str,
    kept: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    salvaged: Option<ShownSalvage>,
    #[serde(flatten)]
    contents: ShownContents,
}

/// Checks a backup and puts it in place; the replaced database is kept.
pub(crate) fn run(config: &Config, options: &RestoreOptions) -> Result<(), ProgramError> {
    let database = storage::embedded(config)?;
    storage::create_data_dir(config)?;
    let lock = DataDirLock::acquire(&config.data_dir)?;
    let kept = kept_name(&database);
    let paths = RestorePaths {
        backup: &options.file,
        database: &database,
        kept: &kept,
        damaged: options.salvage.as_deref(),
    };
    let mut line = ProgressLine::new();
    let restored = sqlite::restore(&lock, &paths, SystemClock.now(), &mut |step| line.show(step))?;
    drop(line);
    let contents = ShownContents::from(restored.contents);
    let salvaged = restored.salvaged.map(ShownSalvage::from);
    let file = options.file.to_string_lossy();
    if options.json {
        console::print_json(&Report { file: &file, kept: restored.kept, salvaged, contents });
        return Ok(());
    }
    console::print_line(format_args!("restored {contents} from {file}"));
    if let Some(salvaged) = salvaged {
        console::print_line(salvaged);
    }
    if let Some(kept) = restored.kept {
        console::print_line(format_args!("the replaced database is {}", kept.display()));
    }
    Ok(())
}

/// The replaced database's name: that of the database, with the time; the first one that is free, since two
/// restores may fall into one second.
fn kept_name(database: &Path) -> PathBuf {
    let now = jiff::Timestamp::from_microsecond(SystemClock.now().as_micros()).unwrap_or_default();
    let mut name = database.as_os_str().to_owned();
    name.push(now.strftime(".before-restore-%Y%m%dT%H%M%SZ").to_string());
    while Path::new(&name).exists() {
        name.push("+");
    }
    PathBuf::from(name)
}
