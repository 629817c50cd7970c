//! `groupchat audit …`: the audit log, from the command line.

mod export;

use clap::{Args, Subcommand};
use groupchat_domain::audit::AuditHash;
use groupchat_domain::storage::Storage;
use groupchat_infra::audit::{VerifiedAudit, verify};
use serde::Serialize;

use self::export::ExportOptions;
use crate::config::Config;
use crate::error::ProgramError;
use crate::user::block_on;
use crate::{console, user};

/// Commands for the audit log.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Verify that no entry of the audit log was changed, removed or inserted, also while the server is running.
    ///
    /// Whoever can write to the database can also rewrite the whole log, with all its hashes. So note the number and the
    /// hash that this prints where they can't reach it, and give the hash to --expect later.
    Verify(VerifyOptions),
    /// Print the audit log, oldest entries first, each as JSON on a line of its own.
    Export(ExportOptions),
}

/// How to verify.
#[derive(Debug, Clone, Args)]
pub(crate) struct VerifyOptions {
    /// A hash that was printed before: an entry must still have it.
    #[arg(long, value_name = "HASH", value_parser = parse_hash)]
    pub expect: Option<AuditHash>,
    /// Print JSON, for scripts.
    #[arg(long)]
    pub json: bool,
}

/// 64 hexadecimal digits.
fn parse_hash(text: &str) -> Result<AuditHash, String> {
    let mut bytes = [0; 32];
    let is_hex = text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    for (nth, byte) in bytes.iter_mut().enumerate().filter(|_| is_hex) {
        *byte = u8::from_str_radix(&text[2 * nth..2 * nth + 2], 16).map_err(|error| error.to_string())?;
    }
    if is_hex { Ok(AuditHash(bytes)) } else { Err("must be 64 hexadecimal digits".to_owned()) }
}

#[derive(Serialize)]
struct ShownAudit {
    first: i64,
    newest: i64,
    hash: String,
}

impl From<VerifiedAudit> for ShownAudit {
    fn from(verified: VerifiedAudit) -> Self {
        Self { first: verified.first, newest: verified.head.count, hash: verified.head.hash.to_string() }
    }
}

/// Carries out one of the commands.
pub(crate) fn run(config: &Config, command: &AuditCommand) -> Result<(), ProgramError> {
    let storage = user::open_existing(config)?;
    match command {
        AuditCommand::Verify(options) => run_verify(&*storage, options),
        AuditCommand::Export(options) => block_on(export::run(&*storage, options))?,
    }
}

fn run_verify(storage: &dyn Storage, options: &VerifyOptions) -> Result<(), ProgramError> {
    let verified = block_on(verify(storage, options.expect))??;
    let shown = ShownAudit::from(verified.map_err(ProgramError::Audit)?);
    if options.json {
        console::print_json(&shown);
    } else {
        let ShownAudit { first, newest, hash } = shown;
        console::print_table(&[
            vec!["ok".to_owned(), format!("entries {first} to {newest}")],
            vec!["hash".to_owned(), hash],
        ]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_64_digits() {
        let text = "0f".repeat(32);
        assert_eq!(parse_hash(&text), Ok(AuditHash([15; 32])));
        for wrong in ["", "0f", &"0".repeat(63), &"0".repeat(65), &"0g".repeat(32), &"é".repeat(32)] {
            assert!(parse_hash(wrong).is_err(), "{wrong}");
        }
    }
}
