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
enum Command {
    /// Serves the platform's gRPC services, all of them or some.
    Serve(serve::Options),
    /// Opens a school's ledger.
    #[command(subcommand)]
    School(school::Command),
    /// Makes a token for trying the services in a person's name.
    Token(token::Options),
    /// Imports a OneRoster 1.2 bundle through a server, with a verdict for each row.
    Import(import::Options),
    /// Exports a ledger with its proofs, or verifies an export.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Shows it at work: a made school's year, from the roster to selected works and a verified ledger.
    Demo(demo::Options),
    Backup(backup::Options),
    Restore(backup::restore::Options),
    Doctor(doctor::Options),
    /// Brings the database to this version's schema.
    Migrate(migrate::Options),
    /// Lists the regulation's clauses, the rules and refusals that come from each, and their tests.
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
