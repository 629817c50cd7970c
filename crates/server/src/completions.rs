//! `groupchat completions`: prints shell completion scripts.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::console;

/// Options of `completions`.
#[derive(Debug, Clone, Args)]
pub(crate) struct CompletionsOptions {
    /// The shell.
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// Prints the script that the shell has to read to complete this command line.
pub(crate) fn run(options: &CompletionsOptions, mut command: Command) {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut command, "groupchat", &mut script);
    console::print_line(String::from_utf8_lossy(&script).trim_end());
}
