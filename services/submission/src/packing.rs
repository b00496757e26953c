//! Packs a round: its package under a key of its own, and each student's extract under the student's.

use blobstore::BlobStore;
use events::{Authority, LockedWork, extract_of, package_of};
use eventstore::{Engine, Fault};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use kernel::{Compartment, FileId, LedgerId, Owner, PersonId, SchoolYear};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::domain::batch::{Built, Package};
use crate::dossier::{self, Dossier, Sheet};
use crate::files::{Complete, Place, Writer};
use crate::package::{END, Extract, Manifest, Rows, head, padding};

/// Students that are read at the same time.
pub(crate) const AT_ONCE: usize = 16;

/// A round that is to be packed.
pub(crate) struct Round {
    /// The ledger.
    pub(crate) ledger: LedgerId,
    /// The school year.
    pub(crate) year: SchoolYear,
    /// The round.
    pub(crate) round: u16,
    /// The school's code.
    pub(crate) school: String,
    /// What is sent.
    pub(crate) sending: Vec<(PersonId, Vec<LockedWork>)>,
}

/// The dossiers of students, of whom those who were erased are left out.
pub(crate) async fn dossiers(engine: &Engine, round: &Round) -> Result<Vec<Dossier>, Fault> {
    let read = round
        .sending
        .iter()
        .map(|(student, works)| dossier::read(engine, round.ledger, (*student, round.year), works));
    let read: Vec<_> = read.collect();
    let found: Vec<_> = stream::iter(read).buffered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// Packs a round. Packed again after a crash, it goes on with what is there.
pub(crate) async fn pack(
    engine: &Engine,
    blobs: &BlobStore,
    round: &Round,
    authority: &Authority,
) -> Result<Built, Fault> {
    let dossiers = dossiers(engine, round).await?;
    let rows = Rows::of(&dossiers, authority);
    let digest = hex::encode(Sha256::digest(json(&rows)?));
    let package = package_of(round.ledger, round.year, round.round, &digest);
    let manifest = Manifest::of((package, round.school.clone()), (round.year, round.round), &dossiers);
    let complete = archive(blobs, round.ledger, &dossiers, (&manifest, &rows)).await?;
    for dossier in &dossiers {
        extract(blobs, round.ledger, &manifest, dossier, authority).await?;
    }
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Ok(Built {
        package: Package { file: package, size: complete.size, segments: complete.segments },
        students: count(dossiers.len()),
        items: count(manifest.items.len()),
        sha256: complete.sha256,
        sealed_sha256: complete.sealed_sha256,
    })
}

async fn archive(
    blobs: &BlobStore,
    ledger: LedgerId,
    dossiers: &[Dossier],
    (manifest, rows): (&Manifest, &Rows),
) -> Result<Complete, Fault> {
    let file = manifest.package;
    let place = Place { blobs: blobs.clone(), ledger, owner: Owner::package(file), file };
    let mut writer = Writer::new(place);
    entry(&mut writer, "manifest.json", &json(manifest)?).await?;
    entry(&mut writer, "rows.json", &json(rows)?).await?;
    let sheets = dossiers.iter().flat_map(|dossier| &dossier.works);
    for (item, sheet) in manifest.items.iter().zip(sheets) {
        let size = u64::from(item.size);
        writer.write(&head(&item.path, size)?).await?;
        copy(&mut writer, blobs, ledger, sheet).await?;
        writer.write(&padding(size)).await?;
    }
    writer.write(&END).await?;
    writer.end().await
}

async fn entry(writer: &mut Writer, path: &str, bytes: &[u8]) -> Result<(), Fault> {
    let size = bytes.len() as u64;
    writer.write(&head(path, size)?).await?;
    writer.write(bytes).await?;
    writer.write(&padding(size)).await
}

async fn copy(writer: &mut Writer, blobs: &BlobStore, ledger: LedgerId, sheet: &Sheet) -> Result<(), Fault> {
    let (owner, file) = (sheet.file.owner, sheet.file.file);
    let place = Place { blobs: blobs.clone(), ledger, owner, file };
    let (mut hash, mut size) = (Sha256::new(), 0_u64);
    for n in 0..sheet.file.segments {
        let segment = place.segment(n).await?;
        let segment = segment.ok_or_else(|| damaged(file))?;
        hash.update(&segment);
        size += segment.len() as u64;
        writer.write(&segment).await?;
    }
    let whole = size == u64::from(sheet.file.size) && hex::encode(hash.finalize()) == sheet.file.sha256;
    if whole { Ok(()) } else { Err(damaged(file)) }
}

fn damaged(file: FileId) -> Fault {
    Fault::broken(format!("file {file} isn't what was handed in: restore it and check the batch again"))
}

/// A student's own part, under the student's own key: it remains when the package's is destroyed.
async fn extract(
    blobs: &BlobStore,
    ledger: LedgerId,
    manifest: &Manifest,
    dossier: &Dossier,
    authority: &Authority,
) -> Result<(), Fault> {
    let student = dossier.student;
    let items = manifest.items.iter().filter(|item| item.student == student).cloned().collect();
    let manifest = Manifest { items, ..manifest.clone_head() };
    let rows = Rows::of(std::slice::from_ref(dossier), authority);
    let mut writer = Writer::new(extract_place(blobs, ledger, manifest.package, student));
    writer.write(&json(&Extract { manifest, rows })?).await?;
    writer.end().await.map(drop)
}

/// Where a student's extract of a package is.
pub(crate) fn extract_place(
    blobs: &BlobStore,
    ledger: LedgerId,
    package: FileId,
    student: PersonId,
) -> Place {
    let owner = Owner::new(student, Compartment::Coursework);
    Place { blobs: blobs.clone(), ledger, owner, file: extract_of(package, student) }
}

fn json<T: Serialize>(value: &T) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec_pretty(value).map_err(Fault::broken)
}
