//! `licheng restore`: a platform put together from a backup and its keys.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use audit::Outside;
use blobstore::folder;
use chassis::Config;
use eventstore::store::Store;
use eventstore::store::sqlite::{SqliteStore, copy};
use kernel::{FileId, Owner};
use sha2::{Digest as _, Sha256};
use vault::{KeyRow, Vault};

use super::evidence::{self, Evidence, Named};
use super::files::{self, Found, count};
use super::keys::Keys;
use super::manifest::{Manifest, Part, Whole};
use super::{CHECKPOINTS, FILES, SETTINGS, paper, place};
use crate::progress::Progress;

/// Puts an embedded platform together from a backup and a key backup, in a new folder.
///
/// Both are verified again: what is missing or altered is named, and nothing is restored then. The keys may be newer
/// than the backup, and should be: whose keys have been destroyed since can't be read in what is restored either.
/// Keys that are older than the backup are refused if one is missing that an event names. `licheng serve --data` goes
/// on with the same ledgers, from the last event of the backup.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// The folder of the backup.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// The folder of the key backup, the newest there is.
    #[arg(long, value_name = "DIR")]
    keys: PathBuf,
    /// A new folder, or an empty one.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

pub(crate) async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let Options { from, keys, data } = &options;
    if data.exists() && fs::read_dir(data)?.next().is_some() {
        return Err(format!("{} is there already and not empty; name another folder", data.display()).into());
    }
    place::apart(&[("--from", from), ("--keys", keys), ("--data", data)])?;
    let incomplete = || format!("there is no complete backup in {}: it has no manifest.json", from.display());
    let manifest = Manifest::read(from)?.ok_or_else(incomplete)?;
    let keys = Keys::read(keys)?;
    let name = data.file_name().ok_or("name a new folder")?;
    let staging = data.with_file_name(format!("{}.partial", name.to_string_lossy()));
    if staging.exists() {
        fs::remove_dir_all(&staging)?;
    }
    let restored = restore(from, &manifest, keys, &staging, data).await;
    if restored.is_err() && staging.exists() {
        drop(fs::remove_dir_all(&staging));
    }
    let told = restored.map_err(|error| format!("nothing was restored: {error}"))?;
    tell(&manifest, &told, data)
}

/// What is said of what was restored.
struct Restored {
    keys_made: kernel::Instant,
    /// Whether the folder's settings could be taken over; `None`: it had none.
    settings: Option<bool>,
}

async fn restore(
    from: &Path,
    manifest: &Manifest,
    mut keys: Keys,
    staging: &Path,
    data: &Path,
) -> Result<Restored, Box<dyn Error>> {
    let progress = Progress::new();
    fs::create_dir_all(staging)?;
    let database = staging.join("licheng.db");
    bring(from, &manifest.database, &database)?;
    for part in &manifest.ledgers {
        let outside = Outside::new(&from.join(CHECKPOINTS), part.ledger);
        let target = Outside::new(&staging.join(CHECKPOINTS), part.ledger);
        outside.copy_to(&target, part.position)?;
        // A backup that broke off later may have brought more; they prove no less.
        let there = target.sizes()?;
        if let Some(gone) = part.checkpoints.iter().find(|size| there.binary_search(size).is_err()) {
            let file = from.join(CHECKPOINTS).join(part.ledger.to_string()).join(gone.to_string());
            return Err(format!("{} is missing", file.display()).into());
        }
    }
    // What was destroyed by the time of the backup stays so, if the keys are older.
    let destroyed = copy::keys(&database).await?.into_iter().filter(|(_, _, row)| *row == KeyRow::Destroyed);
    keys.destroy(destroyed);
    let store: Arc<dyn Store> = Arc::new(SqliteStore::look(&database).await?);
    let evidence = evidence::all(&store, &staging.join(CHECKPOINTS), &keys, progress).await?;
    drop(store);
    agree(manifest, &evidence)?;
    keys.hold(&evidence)?;
    segments(from, manifest, &evidence, &keys, staging, progress).await?;
    copy::put_keys(&database, keys.rows()?).await?;
    let folder = staging.join("keys");
    keys.put_files(&folder)?;
    let settings = manifest.settings.as_ref().map(|whole| settings(from, whole, staging)).transpose()?;
    for folder in [staging, &folder] {
        File::open(folder)?.sync_all()?;
    }
    // An empty folder is replaced by it, anything else is not.
    fs::rename(staging, data).map_err(|error| paper::named(data, &error))?;
    let above = std::path::absolute(data)?;
    File::open(above.parent().unwrap_or(&above))?.sync_all()?;
    Ok(Restored { keys_made: keys.made(), settings })
}

/// Copies a whole file, which must be what the manifest says.
fn bring(from: &Path, whole: &Whole, to: &Path) -> Result<(), Box<dyn Error>> {
    let file = from.join(&whole.name);
    fs::copy(&file, to).map_err(|error| paper::named(&file, &error))?;
    File::open(to)?.sync_all()?;
    match Whole::of(to)?.is(whole) {
        true => Ok(()),
        false => Err(format!("{} was altered: it is not as it was written", file.display()).into()),
    }
}

/// The database must be the one that the manifest tells of.
fn agree(manifest: &Manifest, evidence: &[Evidence]) -> Result<(), Box<dyn Error>> {
    let told = manifest.ledgers.iter().map(|part| (part.ledger, part.position, part.root.clone()));
    let found = evidence.iter().map(|evidence| {
        let root = evidence.inspected.map(|inspected| hex::encode(inspected.root)).unwrap_or_default();
        (evidence.ledger, evidence.inspected.map_or(0, |inspected| inspected.events), root)
    });
    if told.eq(found) { Ok(()) } else { Err("the database is not the one that the manifest tells of".into()) }
}

/// Copies every segment, each held against its digest.
async fn segments(
    from: &Path,
    manifest: &Manifest,
    evidence: &[Evidence],
    keys: &Keys,
    staging: &Path,
    progress: Progress,
) -> Result<(), Box<dyn Error>> {
    let (source, target) = (from.join(FILES), staging.join(FILES));
    fs::create_dir_all(&target)?;
    let bytes = manifest.ledgers.iter().map(|part| part.bytes).sum();
    let bar =
        progress.begin("files", evidence.iter().map(|evidence| count(evidence.files.len())).sum(), bytes);
    let (vault, mut damages) = (keys.vault()?, Vec::new());
    for (part, evidence) in manifest.ledgers.iter().zip(evidence) {
        for (file, named) in &evidence.files {
            let put = |n, sealed: &[u8]| folder::put_sealed(&target, part.ledger, (*file, n), sealed);
            let found = files::read(&source, part.ledger, (*file, named), put)?;
            let read = if let Found::Whole(bytes) = found { bytes } else { 0 };
            damages.extend(damage(&source, part, (*file, named), &found, keys, &vault).await);
            bar.step(1, read);
        }
        damages.extend(under_way(&source, part, &target)?);
    }
    bar.end();
    files::told(&damages)
}

/// What is wrong with a file, by its segment where that can be known.
async fn damage(
    source: &Path,
    part: &Part,
    (file, named): (FileId, &Named),
    found: &Found,
    keys: &Keys,
    vault: &Vault,
) -> Option<String> {
    let place = |n| folder::place_in(source, part.ledger, file, n).display().to_string();
    match found {
        Found::Whole(_) => None,
        // It was there when the backup was made, whatever became of its key since.
        Found::Gone if !part.named.contains_key(&file) && files::may_be_gone(keys, part.ledger, named) => {
            None
        }
        Found::Gone => Some(format!("{} is missing", place(0))),
        Found::Missing(n) => Some(format!("{} is missing", place(*n))),
        Found::Altered => {
            let folder = folder::place_in(source, part.ledger, file, 0);
            let whole = folder.parent().unwrap_or(source).display().to_string();
            let altered = altered(source, part, (file, named), vault).await;
            Some(format!("{} was altered", altered.map_or(whole, place)))
        }
    }
}

/// The segment that doesn't open.
async fn altered(source: &Path, part: &Part, (file, named): (FileId, &Named), vault: &Vault) -> Option<u32> {
    let owner: Owner = named.kid.parse().ok()?;
    let blobs = blobstore::BlobStore::folder(source, vault.clone()).ok()?;
    for n in 0..named.segments {
        if let Err(blobstore::BlobFault::Altered(n)) = blobs.get(part.ledger, owner, file, n).await {
            return Some(n);
        }
    }
    None
}

/// Copies the segments of uploads under way; what is missing or altered.
fn under_way(source: &Path, part: &Part, target: &Path) -> io::Result<Vec<String>> {
    let mut damages = Vec::new();
    for (file, segments) in &part.under_way {
        for (n, sha256) in segments {
            let place = folder::place_in(source, part.ledger, *file, *n);
            match fs::read(&place) {
                Ok(sealed) if hex::encode(Sha256::digest(&sealed)) == *sha256 => {
                    folder::put_sealed(target, part.ledger, (*file, *n), &sealed)?;
                }
                Ok(_) => damages.push(format!("{} was altered", place.display())),
                Err(error) => damages.push(format!("{}: {error}", place.display())),
            }
        }
    }
    Ok(damages)
}

/// Takes the settings over if they leave everything in its place, and puts them aside if not; whether they were taken.
fn settings(from: &Path, whole: &Whole, staging: &Path) -> Result<bool, Box<dyn Error>> {
    let own = staging.join(SETTINGS);
    bring(from, whole, &own)?;
    let stays = Config::embedded(staging).is_ok_and(|config| {
        let at = std::path::absolute(staging).unwrap_or_default();
        config.sqlite_file() == Some(&*at.join("licheng.db"))
            && config.files.folder == at.join(FILES)
            && config.checkpoints == at.join(CHECKPOINTS)
            && config.keys.key_encryption_key == at.join("keys/key-encryption-key")
            && config.clock.simulated.is_none()
    });
    if !stays {
        fs::rename(&own, staging.join(place::set_aside()))?;
    }
    Ok(stays)
}

fn tell(manifest: &Manifest, restored: &Restored, data: &Path) -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    for Part { code, position, files, .. } in &manifest.ledgers {
        writeln!(out, "school {code}: {position} events, {files} files, as they were at {}", manifest.made)?;
    }
    writeln!(out, "keys as they were at {}", restored.keys_made)?;
    if restored.settings == Some(false) {
        let aside = data.join(place::set_aside());
        writeln!(
            out,
            "the former settings name other places or a simulated clock: look through {}, and rename it to {SETTINGS}",
            aside.display()
        )?;
    }
    writeln!(out, "verified and restored to {}", data.display())?;
    writeln!(
        out,
        "What was recorded after the backup is not in it. If a signed checkpoint is kept anywhere (another folder of \
         checkpoints, an auditor, a receipt) that covers more events than are told above, tell the auditor before \
         serving: from the first new event on this is another history than was signed."
    )?;
    Ok(())
}
