//! The executable `licheng`: serves the platform, opens schools, makes tokens, imports rosters, proves ledgers.
//!
//! A command is a module with its options and a `run`. What it says goes to standard output, how far it has come and
//! what went wrong to standard error.

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod audit;
mod backup;
mod bundle;
mod clauses;
pub mod demo;
mod doctor;
mod duties;
mod house;
mod import;
mod migrate;
mod progress;
mod road;
mod school;
mod serve;
mod token;

/// The platform on which a senior high school keeps its students' learning portfolios (學生學習歷程檔案).
///
/// Everything embedded in one folder (SQLite, files, keys): --data DIR. A district's PostgreSQL and NATS, as a
/// configuration file says: --config FILE. Every key of the configuration can also be set by the environment, two
/// underscores between the levels: LICHENG__STORE__URL=postgres://…
#[derive(Debug, Parser)]
#[command(name = "licheng", version, max_term_width = 100, after_long_help = BEGIN)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const BEGIN: &str = "\
To begin, in a folder of your own:
  licheng school create --data ./school --code 353301 --name 測試高級中學 --principal 王校長
  licheng serve --data ./school
  licheng token --data ./school --person principal
or see all of it at once: licheng demo";

#[derive(Debug, Subcommand)]
// What each does stands with its options: a line here would take the place of all of it.
enum Command {
    Serve(serve::Options),
    /// Opens a school's ledger.
    #[command(subcommand)]
    School(school::Command),
    Token(token::Options),
    Import(import::Options),
    /// Exports a ledger with its proofs, or verifies an export.
    #[command(subcommand)]
    Audit(audit::Command),
    Demo(demo::Options),
    Backup(backup::Options),
    Restore(backup::restore::Options),
    Doctor(doctor::Options),
    Migrate(migrate::Options),
    Clauses(clauses::Options),
    /// Lists the tasks, and the offices that have each by Annex 1.
    Duties,
}

/// Runs a command.
///
/// # Errors
/// What ends it, for a person to read.
pub async fn run(cli: Cli) -> Result<ExitCode, Box<dyn Error>> {
    match cli.command {
        Command::Serve(options) => serve::run(options).await?,
        Command::School(command) => school::run(command).await?,
        Command::Token(options) => token::run(options).await?,
        Command::Import(options) => return import::run(options).await,
        Command::Audit(command) => audit::run(command).await?,
        Command::Demo(options) => demo::run(options).await?,
        Command::Backup(options) => backup::run(options).await?,
        Command::Restore(options) => backup::restore::run(options).await?,
        Command::Doctor(options) => return doctor::run(options).await,
        Command::Migrate(options) => migrate::run(options).await?,
        Command::Clauses(options) => clauses::run(&options)?,
        Command::Duties => duties::run()?,
    }
    Ok(ExitCode::SUCCESS)
}

/// An error with what caused it, where it doesn't say so itself.
pub fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn help_says_all_that_a_commands_options_say() {
        let mut cli = Cli::command();
        let said = [
            ("serve", "listening on ADDR"),
            ("token", "--person"),
            ("import", "Exit status 0"),
            ("demo", "keeps serving"),
            ("backup", "--keys"),
            ("doctor", "Exit status"),
            ("migrate", "licheng_service"),
        ];
        for (name, text) in said {
            let command = cli.find_subcommand_mut(name).unwrap();
            let help = command.render_long_help().to_string();
            assert!(help.contains(text), "{name} --help doesn't say {text:?}:\n{help}");
        }
    }
}
