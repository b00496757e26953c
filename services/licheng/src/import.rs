//! `licheng import`: a roster bundle through a server's gRPC.

use std::error::Error;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use proto::records::v1::{ImportRosterBegin, ImportRow, ImportSummary, RowVerdict};
use uuid::Uuid;

use crate::bundle::{self, Files};
use crate::progress::Progress;
use crate::road::Road;

/// Exit status when some rows were not taken.
const NOT_ALL: u8 = 3;

/// Imports a OneRoster 1.2 CSV bundle through a server, with a verdict for each row.
///
/// Prints each row that was refused, or skipped because of a refused one, and why; then the sums. All other rows are
/// taken. Exit status 0: every row was taken or was there already; 3: some were not; 1: it broke off, and can be
/// gone on with by --request-id.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// The bundle: a folder of CSV files, or a zip of them.
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,
    /// The server.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:50051")]
    server: String,
    /// The registrar's token, as `licheng token` or the school's sign-in gives it.
    #[arg(long, env = "LICHENG_TOKEN", hide_env_values = true)]
    token: String,
    /// The id of an import that broke off, to go on with it.
    #[arg(long, value_name = "UUID")]
    request_id: Option<Uuid>,
}

pub(crate) async fn run(options: Options) -> Result<ExitCode, Box<dyn Error>> {
    let files = files(&options.bundle)?;
    let drawn = || uuid::Builder::from_random_bytes(rand::random()).into_uuid();
    let id = options.request_id.unwrap_or_else(drawn);
    let outcome = import(&options, &files, id).await;
    let summary = outcome.map_err(|error| format!("{error}; to go on with it: --request-id {id}"))?;
    let ImportSummary { accepted, unchanged, refused, skipped, position } = summary;
    writeln!(
        io::stdout(),
        "{accepted} accepted, {unchanged} unchanged, {refused} refused, {skipped} skipped; the ledger is at {position}"
    )?;
    Ok(if refused + skipped == 0 { ExitCode::SUCCESS } else { ExitCode::from(NOT_ALL) })
}

async fn import(options: &Options, files: &Files, id: Uuid) -> Result<ImportSummary, Box<dyn Error>> {
    let road = Road::to(&options.server)?;
    let bearer = format!("Bearer {}", options.token.trim()).parse()?;
    let begin = ImportRosterBegin { request_id: id.to_string(), at_least_position: 0 };
    let mut printed = Ok(());
    let row_told = |row| printed = told(&row).and(std::mem::replace(&mut printed, Ok(())));
    let summary = bundle::import(road, bearer, begin, files, Progress::new(), row_told).await;
    let summary =
        summary.map_err(|status| format!("the server answers {:?}: {}", status.code(), status.message()))?;
    printed?;
    summary.ok_or_else(|| "the import ended without its sums".into())
}

/// A row that was not taken, in one line.
fn told(row: &ImportRow) -> io::Result<()> {
    let (verdict, why) = match row.verdict() {
        RowVerdict::Accepted | RowVerdict::Unchanged => return Ok(()),
        RowVerdict::Skipped => ("skipped", &row.because_of),
        RowVerdict::Refused | RowVerdict::Unspecified => ("refused", &row.clause),
    };
    let ImportRow { file, line, sourced_id, reason, .. } = row;
    writeln!(io::stdout(), "{file}:{line} {sourced_id:?} {verdict}: {reason} ({why})")
}

/// A bundle's files by name: the folder's CSV files, or the zip as it is.
fn files(bundle: &Path) -> io::Result<Files> {
    if bundle.is_dir() {
        return bundle::folder(bundle);
    }
    let name = bundle.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(vec![(name, bundle::bytes_of(bundle)?)])
}
