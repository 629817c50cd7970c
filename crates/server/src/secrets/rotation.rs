//! `groupchat secrets …`: other keys for secrets, while servers run.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use groupchat_domain::factors::{SecretsCondition, keys_in_use};
use groupchat_domain::secrets::SecretKeyId;
use groupchat_domain::storage::Storage;
use groupchat_infra::secrets::{
    KeyRing, KeySource, Pruned, RingSealer, Rotated, SecretKey, add_key, prune_keys, reseal_all,
};
use serde::Serialize;

use super::{READ, condition, source};
use crate::config::Config;
use crate::console;
use crate::error::ProgramError;
use crate::user::{block_on, open_existing};

/// Commands for the keys that secrets are encrypted with.
#[derive(Debug, Subcommand)]
pub(crate) enum SecretsCommand {
    /// Encrypt all secrets with a new key, also while the server is running.
    ///
    /// The key is added to the file with the keys. Those of before stay there until `prune`. A rotation that was
    /// interrupted is finished by the next one, without another key. If servers have copies of the file, or have their
    /// keys from the setting `secrets.key`, add the key there first, and use --no-new-key.
    Rotate(RotateOptions),
    /// Drop the keys that no secret is encrypted with any more, also while the server is running.
    ///
    /// Backups from before the rotation need them: keep a copy of the file as long as you keep those. If the file has changed
    /// within the last minute, this waits until then.
    Prune(PruneOptions),
    /// Print a new key, for the setting `secrets.key` or for files on several machines.
    NewKey,
}

/// How to rotate.
#[derive(Debug, Clone, Args)]
pub(crate) struct RotateOptions {
    /// Add no key: encrypt everything with the first one that is there.
    #[arg(long)]
    pub no_new_key: bool,
    /// Print JSON, for scripts.
    #[arg(long)]
    pub json: bool,
}

/// How to prune.
#[derive(Debug, Clone, Args)]
pub(crate) struct PruneOptions {
    /// Print JSON, for scripts.
    #[arg(long)]
    pub json: bool,
}

/// What came of a rotation.
#[derive(Serialize)]
struct ShownRotation {
    key: String,
    added: bool,
    secrets: u64,
    unreadable: u64,
}

/// What came of dropping keys.
#[derive(Serialize)]
struct ShownPruning {
    dropped: Vec<String>,
}

/// Carries out one of the commands.
pub(crate) fn run(config: &Config, command: &SecretsCommand) -> Result<(), ProgramError> {
    match command {
        SecretsCommand::Rotate(options) => rotate(config, options),
        SecretsCommand::Prune(options) => prune(config, options),
        SecretsCommand::NewKey => {
            console::print_line(SecretKey::generate().reveal());
            Ok(())
        }
    }
}

fn shown(id: SecretKeyId) -> String {
    format!("{:08x}", id.get())
}

/// The file with the keys.
fn file(source: &KeySource) -> Result<&PathBuf, ProgramError> {
    match source {
        KeySource::File(path) => Ok(path),
        KeySource::Fixed(_) => Err(ProgramError::FixedKeys),
        KeySource::Nowhere => Err(ProgramError::NoKeys),
    }
}

fn rotate(config: &Config, options: &RotateOptions) -> Result<(), ProgramError> {
    let (source, storage) = (source(config)?, open_existing(config)?);
    let added = if options.no_new_key {
        None
    } else {
        match block_on(add_key(&*storage, file(&source)?))?? {
            Rotated::Added(id) => Some(id),
            Rotated::Unfinished(_) => None,
        }
    };
    let sealer = Arc::new(RingSealer::new(source)?);
    let newest = sealer.ring().ok_or(ProgramError::NoKeys)?.newest().id();
    block_on(reseal_all(&*storage, &sealer))??;
    let SecretsCondition { readable, without_key, damaged } = block_on(condition(&*storage, &sealer))??;
    let unreadable = without_key + damaged;
    if options.json {
        let report =
            ShownRotation { key: shown(newest), added: added.is_some(), secrets: readable, unreadable };
        console::print_json(&report);
        return Ok(());
    }
    if let Some(id) = added {
        console::print_line(format_args!("added the key {}: keep a copy of the file elsewhere", shown(id)));
    }
    console::print_line(format_args!(
        "{readable} secrets are encrypted with the key {}; backups from before need the older keys",
        shown(newest)
    ));
    if unreadable > 0 {
        let reason =
            format!("{without_key} need a key that is not there, and {damaged} are damaged: they stay");
        console::print_line(reason);
    }
    Ok(())
}

fn prune(config: &Config, options: &PruneOptions) -> Result<(), ProgramError> {
    let (source, storage) = (source(config)?, open_existing(config)?);
    if let KeySource::Fixed(ring) = &source {
        return show_unused(&*storage, ring);
    }
    let path = file(&source)?;
    let dropped = loop {
        match block_on(prune_keys(&*storage, path))?? {
            Pruned::Dropped(dropped) => break dropped,
            Pruned::Wait(wait) => std::thread::sleep(wait),
        }
    };
    let dropped: Vec<_> = dropped.into_iter().map(shown).collect();
    if options.json {
        console::print_json(&ShownPruning { dropped });
    } else if dropped.is_empty() {
        console::print_line("all keys are in use; none was dropped");
    } else {
        console::print_line(format_args!(
            "dropped {}; backups from before the rotation need them",
            dropped.join(", ")
        ));
    }
    Ok(())
}

/// Says which keys of a setting nothing uses: only its owner can take them out.
fn show_unused(storage: &dyn Storage, ring: &KeyRing) -> Result<(), ProgramError> {
    let kept = ring.retaining(&block_on(storage.run(READ, |tx| keys_in_use(tx)))??);
    let unused = (1..).zip(ring.keys()).filter(|(_, key)| kept.find(key.id()).is_none());
    for (place, key) in unused {
        console::print_line(format_args!(
            "nothing uses the key {}, number {place} of the setting secrets.key: take it out",
            shown(key.id())
        ));
    }
    Ok(())
}
