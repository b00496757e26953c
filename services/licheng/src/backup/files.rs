//! Segments: copied where they aren't there yet, and held against the digests that events name.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use blobstore::folder::{self, Lying};
use eventstore::store::Head;
use kernel::{FileId, LedgerId};
use sha2::{Digest as _, Sha256};

use super::evidence::{Evidence, Named};
use super::keys::Keys;
use super::manifest::{Manifest, Part};
use super::{CHECKPOINTS, FILES};
use crate::progress::Progress;
use audit::Outside;

/// The most damages that are told at once.
const TOLD_MAX: usize = 20;

/// Every segment that was found when they were copied; those that no event names with a digest are uploads under way, and
/// extracts of receipts.
pub(super) struct Loose {
    from: PathBuf,
    found: BTreeMap<LedgerId, Vec<Lying>>,
}

impl Loose {
    /// Copies every segment that isn't there yet.
    pub(super) fn bring(
        from: &Path,
        out: &Path,
        heads: &[(LedgerId, Head)],
        progress: Progress,
    ) -> io::Result<Self> {
        let mut found = BTreeMap::new();
        for (ledger, _) in heads {
            found.insert(*ledger, folder::lying(from, *ledger)?);
        }
        let all = || found.values().flatten();
        let bar = progress.begin("segments", count(all().count()), all().map(|segment| segment.bytes).sum());
        let mut gone = BTreeSet::new();
        for (ledger, segments) in &found {
            for segment in segments {
                let place = folder::place_in(from, *ledger, segment.file, segment.n);
                match folder::bring(from, &out.join(FILES), *ledger, *segment) {
                    Ok(_) => {}
                    // An erasure took it away meanwhile, after its key; whether it may be gone is told by the keys.
                    Err(_) if !place.exists() => drop(gone.insert((*ledger, *segment))),
                    Err(error) => {
                        return Err(io::Error::new(error.kind(), format!("{}: {error}", place.display())));
                    }
                }
                bar.step(1, segment.bytes);
            }
        }
        bar.end();
        for (ledger, segments) in &mut found {
            segments.retain(|segment| !gone.contains(&(*ledger, *segment)));
        }
        Ok(Self { from: from.to_owned(), found })
    }
}

/// What is found of a file.
pub(super) enum Found {
    /// Every byte is there; how many.
    Whole(u64),
    /// Nothing is there.
    Gone,
    /// This segment isn't.
    Missing(u32),
    /// The digest is another.
    Altered,
}

/// Reads a file's segments and holds them against its digest; each is handed over.
pub(super) fn read(
    folder: &Path,
    ledger: LedgerId,
    (file, named): (FileId, &Named),
    mut each: impl FnMut(u32, &[u8]) -> io::Result<()>,
) -> io::Result<Found> {
    let (mut hash, mut bytes, mut missing) = (Sha256::new(), 0, Vec::new());
    for n in 0..named.segments {
        match fs::read(folder::place_in(folder, ledger, file, n)) {
            Ok(sealed) => {
                hash.update(&sealed);
                bytes += count(sealed.len());
                each(n, &sealed)?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => missing.push(n),
            Err(error) => return Err(error),
        }
    }
    Ok(match missing.as_slice() {
        [] if hex::encode(hash.finalize()) == named.sealed_sha256 => Found::Whole(bytes),
        [] => Found::Altered,
        [_, ..] if count(missing.len()) == u64::from(named.segments) => Found::Gone,
        [first, ..] => Found::Missing(*first),
    })
}

/// Whether a file may be gone.
pub(super) fn may_be_gone(keys: &Keys, ledger: LedgerId, named: &Named) -> bool {
    keys.is_destroyed(ledger, &named.kid)
}

/// Holds every file of a backup against what events name; what there is of each school then. What `known` has verified
/// is not read again.
///
/// # Errors
/// The files that are missing or altered.
pub(super) fn verified(
    files: &Path,
    evidence: Vec<Evidence>,
    mut loose: Loose,
    keys: &Keys,
    known: Option<&Manifest>,
    progress: Progress,
) -> Result<Vec<Part>, Box<dyn Error>> {
    let bar = progress.begin("verified files", evidence.iter().map(|e| count(e.files.len())).sum(), 0);
    let (mut parts, mut damages) = (Vec::new(), Vec::new());
    for Evidence { ledger, code, inspected, files: named, .. } in evidence {
        let found = loose.found.remove(&ledger).unwrap_or_default();
        let known = known.and_then(|known| known.ledgers.iter().find(|part| part.ledger == ledger));
        let outside = files.with_file_name(CHECKPOINTS);
        let position = inspected.map_or(0, |inspected| inspected.events);
        let sizes = Outside::new(&outside, ledger)
            .sizes()?
            .into_iter()
            .take_while(|size| *size <= position)
            .collect();
        let mut part = Part {
            ledger,
            code,
            position,
            root: inspected.map(|inspected| hex::encode(inspected.root)).unwrap_or_default(),
            covered: inspected.map_or(0, |inspected| inspected.covered),
            checkpoints: sizes,
            files: 0,
            segments: 0,
            bytes: 0,
            gone: 0,
            named: BTreeMap::new(),
            under_way: under_way(&loose.from, files, ledger, &found, &named)?,
        };
        for (file, named) in &named {
            let read_before = known.is_some_and(|known| known.named.get(file) == Some(&named.segments));
            let lying = || (0..named.segments).map(|n| folder::place_in(files, ledger, *file, n).metadata());
            let outcome = match read_before && lying().all(|there| there.is_ok()) {
                true => Found::Whole(lying().filter_map(Result::ok).map(|there| there.len()).sum()),
                false => read(files, ledger, (*file, named), |_, _| Ok(()))?,
            };
            count_in(&mut part, (*file, named), &outcome, keys, &mut damages);
            bar.step(1, 0);
        }
        parts.push(part);
    }
    bar.end();
    told(&damages)?;
    Ok(parts)
}

fn count_in(
    part: &mut Part,
    (file, named): (FileId, &Named),
    found: &Found,
    keys: &Keys,
    damages: &mut Vec<String>,
) {
    let path = format!("{FILES}/{}/files/{file}", part.ledger);
    match found {
        Found::Whole(bytes) => {
            part.files += 1;
            part.segments += u64::from(named.segments);
            part.bytes += bytes;
            part.named.insert(file, named.segments);
        }
        Found::Gone | Found::Missing(_) if may_be_gone(keys, part.ledger, named) => part.gone += 1,
        Found::Gone => damages.push(format!("{path} is missing, which an event names")),
        Found::Missing(n) => damages.push(format!("{path}/{n} is missing, which an event names")),
        Found::Altered => damages.push(format!(
            "{path} is not what its event names: if {} is, remove it from the backup and run it again",
            "the one in --data"
        )),
    }
}

/// What doesn't hold, as an error.
pub(super) fn told(damages: &[String]) -> Result<(), Box<dyn Error>> {
    if damages.is_empty() {
        return Ok(());
    }
    let more = match damages.len().saturating_sub(TOLD_MAX) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let shown: Vec<_> = damages.iter().take(TOLD_MAX).cloned().collect();
    Err(format!("{}{more}", shown.join("; ")).into())
}

/// The digests of segments that no event names with a digest yet.
fn under_way(
    from: &Path,
    files: &Path,
    ledger: LedgerId,
    found: &[Lying],
    named: &BTreeMap<FileId, Named>,
) -> io::Result<BTreeMap<FileId, BTreeMap<u32, String>>> {
    let mut under_way: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for Lying { file, n, .. } in found.iter().filter(|segment| !named.contains_key(&segment.file)) {
        let place = folder::place_in(files, ledger, *file, *n);
        let sealed = fs::read(&place)?;
        // No digest tells of them yet; what has gone meanwhile can't be compared.
        if fs::read(folder::place_in(from, ledger, *file, *n)).is_ok_and(|original| original != sealed) {
            let text =
                format!("{} is not what is in --data: remove it, and run the backup again", place.display());
            return Err(io::Error::other(text));
        }
        under_way.entry(*file).or_default().insert(*n, hex::encode(Sha256::digest(sealed)));
    }
    Ok(under_way)
}

/// A number of things.
pub(super) fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
