//! The check before a batch is sent (預檢): every row and file of it.

use blobstore::BlobStore;
use events::{Authority, Finding, Problem, WorkKind};
use eventstore::{Engine, Fault};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::dossier::{Dossier, Sheet};
use crate::files::Place;
use crate::packing::{AT_ONCE, Round, dossiers};

/// Everything that the registrar should look at.
pub(crate) async fn check(
    engine: &Engine,
    blobs: &BlobStore,
    round: &Round,
    authority: &Authority,
) -> Result<Vec<Finding>, Fault> {
    let dossiers = dossiers(engine, round).await?;
    let checks = dossiers.iter().map(|dossier| of_student(blobs, round, dossier, authority));
    let checks: Vec<_> = checks.collect();
    let found: Vec<_> = stream::iter(checks).buffered(AT_ONCE).try_collect().await?;
    Ok(found.concat())
}

async fn of_student(
    blobs: &BlobStore,
    round: &Round,
    dossier: &Dossier,
    authority: &Authority,
) -> Result<Vec<Finding>, Fault> {
    let student = dossier.student;
    let mut found = Vec::new();
    if dossier.basic.identity_number.is_none() {
        found.push(Finding { student, work: None, problem: Problem::IdentityNumberMissing });
    }
    if dossier.basic.birth_date.is_none() {
        found.push(Finding { student, work: None, problem: Problem::BirthDateMissing });
    }
    for sheet in &dossier.works {
        let work = Some(sheet.locked.work);
        if let WorkKind::Outcome { course, .. } = sheet.locked.kind
            && !authority.course(course).is_some_and(|course| course.submittable)
        {
            found.push(Finding { student, work, problem: Problem::CourseNotSubmittable });
        }
        if !is_whole(blobs, round, sheet).await? {
            found.push(Finding { student, work, problem: Problem::FileDamaged });
        }
    }
    Ok(found)
}

/// Whether the sealed file is the one that was handed in, by its fixity alone.
async fn is_whole(blobs: &BlobStore, round: &Round, sheet: &Sheet) -> Result<bool, Fault> {
    let file = &sheet.file;
    let place = Place { blobs: blobs.clone(), ledger: round.ledger, owner: file.owner, file: file.file };
    let sealed = place.sealed_sha256(file.segments).await?;
    Ok(sealed.as_ref() == Some(&file.sealed_sha256))
}
