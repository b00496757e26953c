//! `licheng doctor`: what is configured, reachable, migrated, in step.

use std::error::Error;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use chassis::Config;

mod bus;
mod checkpoints;
mod clock;
mod files;
mod followers;
mod keys;
mod report;
mod store;
mod tokens;

use report::Report;
use store::{Ledger, Opened};

/// Exit status when it can't begin.
const NOTHING: u8 = 3;

/// Looks a platform over: what is configured, reachable, migrated and in step.
///
/// It changes nothing and makes nothing, and may run while `licheng serve` does; all that it writes is a small file in
/// the folders of files and checkpoints, which it removes again. A line for each finding: ok, warn or fail, what it
/// is about, and for what isn't ok the way out. Exit status 0: nothing fails; 1: something does; 3: it can't begin,
/// since there is no platform or its configuration can't be read.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    place: Where,
    /// One object of JSON instead of lines: `failed`, and `findings` with `level`, `what`, `detail`, `way_out`.
    #[arg(long)]
    json: bool,
}

/// Which platform. Unlike other commands, this one makes none.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Where {
    /// The folder of an embedded platform.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The configuration file (TOML) of a district's platform.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// What is looked over, as far as it can be had.
struct Patient {
    config: Config,
    /// `None`: the store doesn't answer, or isn't of this version.
    store: Option<Opened>,
    ledgers: Vec<Ledger>,
}

impl Patient {
    /// Whether it is one process over a folder.
    fn is_embedded(&self) -> bool {
        self.config.sqlite_file().is_some()
    }
}

pub(crate) async fn run(options: Options) -> Result<ExitCode, Box<dyn Error>> {
    let mut report = Report::default();
    let config = match configuration(&options.place, &mut report) {
        Ok(config) => config,
        Err(why) => {
            writeln!(io::stderr(), "licheng: {why}")?;
            return Ok(ExitCode::from(NOTHING));
        }
    };
    let patient = store::look(config, &mut report).await;
    bus::look(&patient, &mut report).await;
    clock::look(&patient, &mut report).await;
    keys::look(&patient, &mut report).await;
    tokens::look(&patient, &mut report);
    files::look(&patient, &mut report);
    checkpoints::look(&patient, &mut report).await;
    followers::look(&patient, &mut report).await;
    if let Some(store) = &patient.store {
        store.close().await;
    }
    report.print(options.json)?;
    Ok(if report.failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The configuration; a folder that holds no platform must not become one.
fn configuration(place: &Where, report: &mut Report) -> Result<Config, String> {
    let (config, source) = match (&place.data, &place.config) {
        (Some(folder), _) => {
            if !folder.is_dir() {
                return Err(format!("{}: there is no such folder; is --data mistyped?", folder.display()));
            }
            let config = Config::embedded(folder).map_err(|fault| fault.to_string())?;
            if config.sqlite_file().is_some_and(|file| !file.exists()) {
                let text = "there is no platform in this folder; is --data mistyped? `licheng school create` makes one";
                return Err(format!("{}: {text}", folder.display()));
            }
            let own = folder.join("licheng.toml");
            let settings = if own.exists() { ", changed by its licheng.toml" } else { "" };
            (config, format!("the embedded default in {}{settings}", folder.display()))
        }
        (None, Some(file)) => {
            let config = Config::from_file(file).map_err(|fault| fault.to_string())?;
            (config, file.display().to_string())
        }
        (None, None) => {
            return Err("name a folder (--data DIR) or a configuration (--config FILE)".to_owned());
        }
    };
    report.ok("configuration", source);
    Ok(config)
}
