//! What a round is about, read from what the service knows and has packed.

use std::collections::HashMap;

use blobstore::{BlobFault, BlobStore};
use events::{AnyEvent, Basis, ItemVerdict, Recorded, SubmissionEvent};
use eventstore::{Engine, Fault};
use kernel::{FileId, LedgerId, Owner, SchoolYear, WorkId};

use crate::central::ReceivedItem;
use crate::domain::batch::Counts;
use crate::facts::Submissions;
use crate::files::unkept;
use crate::package::{Item, Manifest};
use crate::packing::Round;

/// Bytes of a tar archive before the first file's own.
const HEAD: usize = 512;

/// The school's code.
pub(crate) fn school(known: &Basis<Submissions>) -> Result<String, Fault> {
    let school = known.facts.school.as_ref();
    school.map(|school| school.code.clone()).ok_or_else(|| Fault::broken("the ledger has no school"))
}

/// The round under way.
pub(crate) fn under_way(
    known: &Basis<Submissions>,
    ledger: LedgerId,
    year: SchoolYear,
    round: u16,
) -> Result<Round, Fault> {
    let sending = known.facts.rounds.year(year).into_iter().flat_map(|year| year.sending());
    let sending = sending.map(|(student, works)| (student, works.into_iter().cloned().collect()));
    Ok(Round { ledger, year, round, school: school(known)?, sending: sending.collect() })
}

/// SHA-256 of a package that was built, hex; `None`: its key is destroyed.
pub(crate) async fn sha256_of(engine: &Engine, event: &Recorded) -> Result<Option<String>, Fault> {
    let before = event.record.streamversion.saturating_sub(1);
    let read = engine.read_stream_open(event.ledger, &event.record.stream, before).await?;
    let Some((_, AnyEvent::Submission(SubmissionEvent::PackageBuilt { sha256, .. }))) =
        read.into_iter().next()
    else {
        return Err(Fault::broken("a package that was built isn't in its stream"));
    };
    Ok(sha256.open().cloned())
}

/// The manifest of a package; `None`: its key is destroyed.
pub(crate) async fn manifest(
    blobs: &BlobStore,
    ledger: LedgerId,
    package: FileId,
) -> Result<Option<Manifest>, Fault> {
    let owner = Owner::package(package);
    let (mut bytes, mut n, mut wanted) = (Vec::new(), 0, HEAD);
    while bytes.len() < wanted {
        let segment = match blobs.get(ledger, owner, package, n).await {
            Err(BlobFault::Erased) => return Ok(None),
            segment => segment.map_err(unkept)?,
        };
        let segment = segment.ok_or_else(|| Fault::broken("a package ends before its manifest does"))?;
        bytes.extend_from_slice(&segment);
        n += 1;
        if let Some(head) = bytes.get(..HEAD).filter(|_| wanted == HEAD) {
            let size = tar::Header::from_byte_slice(head).size().map_err(Fault::broken)?;
            wanted = usize::try_from(size).unwrap_or(usize::MAX).saturating_add(HEAD);
        }
    }
    Manifest::read(&bytes).map(Some)
}

/// Compares a receipt with what was sent, item by item (S4).
pub(crate) fn reconcile(sent: &[Item], received: &[ReceivedItem]) -> (Vec<(Item, ItemVerdict)>, Counts) {
    let mut there: HashMap<WorkId, Vec<&str>> = HashMap::new();
    let mut counts = Counts::default();
    let known: HashMap<_, _> = sent.iter().map(|item| (item.item, ())).collect();
    for item in received {
        match item.work.filter(|work| known.contains_key(work)) {
            Some(work) => there.entry(work).or_default().push(&item.sha256),
            None => counts.unknown += 1,
        }
    }
    let judged = sent.iter().map(|item| {
        let found = there.get(&item.item).map_or(&[][..], Vec::as_slice);
        let verdict = verdict(&item.sha256, found);
        match verdict {
            ItemVerdict::Received => counts.received += 1,
            ItemVerdict::Missing => counts.missing += 1,
            ItemVerdict::Altered => counts.altered += 1,
            ItemVerdict::Doubled => counts.doubled += 1,
        }
        (item.clone(), verdict)
    });
    let judged = judged.collect();
    (judged, counts)
}

/// An item that is there once with other bytes is altered, even if it is also there as it was sent.
fn verdict(sent: &str, there: &[&str]) -> ItemVerdict {
    if there.is_empty() {
        ItemVerdict::Missing
    } else if there.iter().any(|there| *there != sent) {
        ItemVerdict::Altered
    } else if there.len() > 1 {
        ItemVerdict::Doubled
    } else {
        ItemVerdict::Received
    }
}

#[cfg(test)]
mod tests;
