//! `licheng backup`: an embedded platform's copy, made while it is served, verified before it counts.

use std::error::Error;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use audit::Outside;
use blobstore::folder;
use chassis::Config;
use chassis::clock::Real;
use eventstore::store::Store;
use eventstore::store::sqlite::{SqliteStore, copy};
use kernel::Clock as _;

use crate::progress::{Bar, Progress};

mod evidence;
mod files;
mod keys;
mod manifest;
mod paper;
mod place;
pub(crate) mod restore;

use files::Loose;
use keys::Keys;
use manifest::{Manifest, Part, Whole};
use place::Place;

/// The folder of segments in a backup.
const FILES: &str = "files";
/// The folder of signed checkpoints in a backup.
const CHECKPOINTS: &str = "checkpoints";
/// The settings of the embedded folder, in it and in a backup.
const SETTINGS: &str = "licheng.toml";

/// Backs an embedded platform up, also while `licheng serve` runs on it.
///
/// --out gets the ledgers, views, signed checkpoints and sealed files; --keys gets what opens them: the wrapped keys, the
/// key-encryption key, and the key that signs tokens. Without the other, neither says anything about anybody: keep the
/// two in different hands, and neither on the disk of --data. --keys holds the present state alone: it is replaced
/// each time and never kept beside, so that whose keys have been destroyed (an erasure, 刪除) can be read from no
/// backup any more, however old --out is.
///
/// Run it again with the same folders: only new files are copied. A backup counts once it has been verified, from the
/// first event to the last and file by file; until then, and if it is broken off, the former one stands. A district
/// is backed up by the tools of its PostgreSQL and its disks.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// The folder of the embedded platform.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The folder of the backup: a new one, or that of the former backup of this platform.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The folder of the key backup: a new one, or that of the former.
    #[arg(long, value_name = "DIR")]
    keys: PathBuf,
    /// Don't read again the files that the former backup has verified: quicker, and what has rotted since in --out
    /// is found only by a backup without this, or by `licheng restore`.
    #[arg(long)]
    quick: bool,
}

/// What is backed up.
struct Source {
    config: Config,
    data: PathBuf,
    database: PathBuf,
}

impl Source {
    /// A platform that is there: a mistyped folder doesn't become one.
    fn of(data: &Path) -> Result<Self, Box<dyn Error>> {
        let nothing = || format!("{}: there is no platform in this folder", data.display());
        if !data.is_dir() {
            return Err(nothing().into());
        }
        let config = Config::embedded(data)?;
        let database = config.sqlite_file().map(Path::to_owned).ok_or(
            "this folder's store is a district's: back it up by pg_dump or pg_basebackup, without the schema's keys",
        )?;
        if !database.exists() {
            return Err(nothing().into());
        }
        Ok(Self { config, data: data.to_owned(), database })
    }
}

pub(crate) async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let source = Source::of(&options.data)?;
    let place = Place::open(&source.data, &options.out, &options.keys)?;
    let made = make(&source, &place, options.quick).await;
    if made.is_err() {
        // It can't be removed on a disk that fails; the next backup removes it then.
        drop(place.sweep());
    }
    let manifest = made.map_err(|error| {
        let former = if place.former.is_some() { "; the former backup stands as it was" } else { "" };
        format!("nothing was backed up: {error}{former}")
    })?;
    tell(&manifest, &options)
}

async fn make(source: &Source, place: &Place, quick: bool) -> Result<Manifest, Box<dyn Error>> {
    let progress = Progress::new();
    let database = place.new_database();
    snapshot(&source.database, &database, progress).await?;
    let store: Arc<dyn Store> = Arc::new(SqliteStore::look(&database).await?);
    let heads = store.ledgers().await?;
    place.goes_on_from_former(&heads)?;
    // Whatever an event in the copy names is on the disk by now, keys and files.
    let loose = Loose::bring(&source.config.files.folder, &place.out, &heads, progress)?;
    // An erasure destroys a key before it deletes the files: what is missing by now is known to be destroyed by these.
    let keys = Keys::of(source).await?;
    for (ledger, head) in &heads {
        let outside = Outside::new(&source.config.checkpoints, *ledger);
        outside.copy_to(&Outside::new(&place.out.join(CHECKPOINTS), *ledger), head.position)?;
    }
    let evidence = evidence::all(&store, &place.out.join(CHECKPOINTS), &keys, progress).await?;
    keys.hold(&evidence)?;
    let known = if quick { place.former.as_ref() } else { None };
    let parts = files::verified(&place.out.join(FILES), evidence, loose, &keys, known, progress)?;
    let manifest = Manifest {
        format: manifest::FORMAT,
        licheng: env!("CARGO_PKG_VERSION").to_owned(),
        made: Real.now(),
        database: Whole::of(&database)?,
        settings: settings(source, place)?,
        ledgers: parts,
    };
    drop(store);
    // The keys as they are at the very end: none that was destroyed meanwhile is kept.
    Keys::of(source).await?.write(&place.keys)?;
    manifest.write(&place.out)?;
    place.tidy(&manifest)?;
    Ok(manifest)
}

async fn snapshot(from: &Path, to: &Path, progress: Progress) -> Result<(), Box<dyn Error>> {
    let mut shown: Option<(Bar, u64)> = None;
    let mut tell = |done: u64, of_all: u64| {
        let (bar, told) = shown.get_or_insert_with(|| (progress.begin("events", of_all, 0), 0));
        bar.step(done.saturating_sub(*told), 0);
        *told = done;
    };
    let copied = copy::copy(from, to, &mut tell).await;
    if let Some((bar, _)) = &shown {
        bar.end();
    }
    Ok(copied.map_err(|fault| format!("the database can't be copied: {}", crate::causes(&fault)))?)
}

/// The folder's settings, under a name of this backup.
fn settings(source: &Source, place: &Place) -> Result<Option<Whole>, Box<dyn Error>> {
    let text = match fs::read(source.data.join(SETTINGS)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text?,
    };
    let kept = place.new_settings();
    paper::write(&kept, &text)?;
    Ok(Some(Whole::of(&kept)?))
}

fn tell(manifest: &Manifest, options: &Options) -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    for Part { code, position, covered, files, segments, bytes, gone, .. } in &manifest.ledgers {
        writeln!(
            out,
            "school {code}: {position} events, {covered} of them signed; {files} files, {segments} segments, {bytes} bytes"
        )?;
        if *gone > 0 {
            writeln!(out, "school {code}: {gone} files are gone, and their keys are destroyed")?;
        }
    }
    writeln!(out, "verified and written to {}", options.out.display())?;
    writeln!(
        out,
        "keys in {}: keep them apart from it; whoever has both reads everything",
        options.keys.display()
    )?;
    Ok(())
}

/// Removes every segment that a backup doesn't hold.
fn prune(out: &Path, part: &Part) -> io::Result<()> {
    folder::prune(&out.join(FILES), part.ledger, |file, n| part.holds(file, n))
}
