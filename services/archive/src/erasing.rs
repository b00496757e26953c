//! The steps of an erasure that has started. Each is done whole or not at all, or again; none needs to know how far the
//! others came.

use std::sync::Arc;

use async_trait::async_trait;
use blobstore::{BlobFault, BlobStore};
use events::{AnyEvent, ArchiveEvent, Compartments, Recorded};
use eventstore::react::{Reactor, done, order};
use eventstore::{Executor, Fault};
use kernel::{Compartment, Duty, FileId, LedgerId, Owner, PersonId};
use vault::SealFault;

use crate::domain::stream;
use crate::{Command, Destroyed, Files, Portfolio};

/// Its name.
pub(crate) const NAME: &str = "archive-erasing";

/// Carries out an erasure that has started (A2): the person's keys, the keys of the packages that hold the person's works,
/// the files of both, the person's claimed values; then it notes that all of it is done.
pub struct Erasing {
    executor: Arc<Executor<Portfolio>>,
    blobs: BlobStore,
}

impl Erasing {
    /// The reactor over the service's executor and the store of files.
    pub const fn new(executor: Arc<Executor<Portfolio>>, blobs: BlobStore) -> Self {
        Self { executor, blobs }
    }

    /// Does every step, in this order, whether it was done before or not. From the first on, nothing of the person can be
    /// read; what is left then is only taken away.
    async fn destroy(&self, ledger: LedgerId, student: PersonId, files: &Files) -> Result<Destroyed, Fault> {
        let engine = self.executor.engine();
        let keys = engine.store.destroy_keys_of(ledger, student).await.map_err(SealFault::from)?;
        for package in &files.packages {
            let kid = Owner::package(*package).to_string();
            engine.store.destroy_key(ledger, &kid).await.map_err(SealFault::from)?;
        }
        engine.vault.forget();
        for file in files.works.iter().chain(&files.extracts).chain(&files.packages) {
            self.delete(ledger, *file).await?;
        }
        let claims = engine.store.forget_claims(ledger, student.uuid()).await?;
        let packages = u32::try_from(files.packages.len()).unwrap_or(u32::MAX);
        Ok(Destroyed { keys: counted(&keys), files: files.standing, claims, packages })
    }

    async fn delete(&self, ledger: LedgerId, file: FileId) -> Result<(), Fault> {
        self.blobs.delete(ledger, file).await.map_err(|fault| match fault {
            BlobFault::Unavailable(source) => Fault::Unavailable("the store of files", Some(source)),
            BlobFault::Differs(_)
            | BlobFault::TooLong(_)
            | BlobFault::Full
            | BlobFault::Erased
            | BlobFault::Altered(_)
            | BlobFault::Seal(_) => Fault::broken(fault),
        })
    }
}

#[async_trait]
impl Reactor for Erasing {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn react(&self, event: &Recorded) -> Result<(), Fault> {
        let AnyEvent::Archive(ArchiveEvent::ErasureStarted { student }) = &event.event else {
            return Ok(());
        };
        let (ledger, student) = (event.ledger, *student);
        let known = self.executor.known().at_least(ledger, event.position).await?;
        let files = known.facts.files_of(student);
        drop(known);
        let destroyed = self.destroy(ledger, student, &files).await?;
        let command = Command::Complete { student, destroyed };
        let goes = (Duty::ApproveErasure, stream(student));
        done(self.executor.execute(order(event, (NAME, "0"), goes, command)).await)
    }
}

/// How many keys there were of each compartment.
fn counted(kids: &[String]) -> Compartments {
    let mut counts = Compartments::default();
    for owner in kids.iter().filter_map(|kid| kid.parse::<Owner>().ok()) {
        let count = match owner.compartment {
            Compartment::Identity => &mut counts.identity,
            Compartment::Coursework => &mut counts.coursework,
            Compartment::Conduct => &mut counts.conduct,
            Compartment::Counselling => &mut counts.counselling,
            Compartment::Work(_) => &mut counts.works,
            // A student has none of either.
            Compartment::Staff | Compartment::Package => continue,
        };
        *count = count.saturating_add(1);
    }
    counts
}

#[cfg(test)]
mod tests {
    use kernel::WorkId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a2_keys_are_counted_by_compartment() {
        let student = PersonId::new(Uuid::from_u128(1));
        let of = |compartment| Owner::new(student, compartment).to_string();
        let work = |n| of(Compartment::Work(WorkId::new(Uuid::from_u128(n))));
        let kids = [
            of(Compartment::Identity),
            of(Compartment::Coursework),
            of(Compartment::Conduct),
            of(Compartment::Counselling),
            work(1),
            work(2),
        ];
        let counts = Compartments { identity: 1, coursework: 1, conduct: 1, counselling: 1, works: 2 };
        assert_eq!(counted(&kids), counts);
        assert_eq!(counted(&[]), Compartments::default());
    }
}
