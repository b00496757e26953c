//! `licheng audit`: a ledger's export, and its verification offline.

use std::error::Error;
use std::io::{self, Write as _};
use std::path::PathBuf;

use audit::VerifyFault;

use crate::house::{House, Which};
use crate::progress::Progress;

#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Writes a ledger out: every record as it is stored, its leaf, every signed checkpoint, the key, and a verifier
    /// in Python's standard library.
    ///
    /// Before anything is signed the store is verified; an altered record is named, nothing is written then, and the
    /// exit status is 1. Personal values stay sealed.
    Export(Export),
    /// Verifies an export: every byte, offline, without a database.
    ///
    /// The exit status is 0 only if all of it holds; what doesn't is named by file and line.
    Verify(Verify),
}

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Export {
    #[command(flatten)]
    house: House,
    #[command(flatten)]
    which: Which,
    /// A new folder, or an empty one.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Verify {
    /// The export.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// A file with the ledger's key, as `school create` printed it and as you have it from elsewhere. Without it the
    /// key inside the export is trusted, and then whoever made the export may have made all of it.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

pub(crate) async fn run(command: Command) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Export(options) => export(options).await,
        Command::Verify(options) => verify(&options),
    }
}

async fn export(options: Export) -> Result<(), Box<dyn Error>> {
    let platform = options.house.open().await?;
    let (engine, checkpoints) = (&platform.engine, &platform.config.checkpoints);
    let ledger = options.which.ledger(engine).await?;
    let (progress, mut shown) = (Progress::new(), None);
    let mut tell = |done: u64, of_all: u64| {
        let (bar, told) = shown.get_or_insert_with(|| (progress.begin("records", of_all, 0), 0));
        bar.step(done.saturating_sub(*told), 0);
        *told = done;
    };
    let summary = audit::export(engine, ledger, checkpoints, &options.out, &mut tell).await?;
    let mut out = io::stdout();
    writeln!(out, "ledger       {}", summary.ledger)?;
    writeln!(out, "records      {}", summary.events)?;
    writeln!(out, "checkpoints  {}", summary.checkpoints)?;
    writeln!(out, "root         {}", summary.root)?;
    writeln!(out, "key          {}", summary.verifier_key)?;
    Ok(writeln!(out, "written to   {}", options.out.display())?)
}

fn verify(options: &Verify) -> Result<(), Box<dyn Error>> {
    let read = |file: &PathBuf| {
        std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
    };
    let key = options.key.as_ref().map(read).transpose()?;
    let verified = match audit::verify(&options.folder, key.as_deref()) {
        Err(VerifyFault::Altered(findings)) => {
            for finding in &findings {
                writeln!(io::stderr(), "{finding}")?;
            }
            return Err(format!("{}: the export doesn't hold", options.folder.display()).into());
        }
        outcome => outcome?,
    };
    let mut out = io::stdout();
    writeln!(out, "ledger       {}", verified.ledger)?;
    writeln!(out, "records      {}, every one as it was signed", verified.events)?;
    writeln!(out, "checkpoints  {}", verified.checkpoints)?;
    writeln!(out, "root         {}", verified.root)?;
    writeln!(out, "key          {}", verified.verifier_key)?;
    if verified.trusted_key_inside {
        writeln!(
            out,
            "The key inside the export was trusted: whoever made the export may have made all of it. Give the \
             school's own key with --key FILE to know."
        )?;
    }
    Ok(())
}
