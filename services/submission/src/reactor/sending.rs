use std::sync::Arc;

use async_trait::async_trait;
use blobstore::BlobStore;
use bytes::Bytes;
use events::{AnyEvent, Recorded, SubmissionEvent};
use eventstore::react::{Reactor, done, order};
use eventstore::{Executor, Fault};
use futures::{StreamExt as _, stream};
use kernel::{Duty, FileId, LedgerId, Owner, SchoolYear};

use crate::central::{Announced, CentralDatabase, Parts};
use crate::domain::batch::{Batch, Command, Package};
use crate::files::Place;
use crate::packing::{self, Round};
use crate::{rounds, wire};

/// Its name.
pub(crate) const NAME: &str = "submission-sending";

/// Packs a batch that was approved, and sends its package (S3): whatever cuts the transfer, it goes on from where the
/// central database stands.
pub struct Sending {
    batches: Arc<Executor<Batch>>,
    blobs: BlobStore,
    central: Arc<dyn CentralDatabase>,
}

impl Sending {
    /// The reactor over the service's executor, its files and the central database.
    pub fn new(batches: Arc<Executor<Batch>>, blobs: BlobStore, central: Arc<dyn CentralDatabase>) -> Self {
        Self { batches, blobs, central }
    }

    async fn pack(&self, event: &Recorded, year: SchoolYear, round: u16) -> Result<(), Fault> {
        let known = self.batches.known().at_least(event.ledger, event.position).await?;
        let sending: Round = rounds::under_way(&known, event.ledger, year, round)?;
        let authority = known.authority.clone();
        drop(known);
        let built = packing::pack(self.batches.engine(), &self.blobs, &sending, &authority).await?;
        self.follow(event, ("built", year), Command::Build { year, round, built }).await
    }

    async fn send(
        &self,
        event: &Recorded,
        (year, round): (SchoolYear, u16),
        package: Package,
        sha256: String,
    ) -> Result<(), Fault> {
        let known = self.batches.known().at_least(event.ledger, event.position).await?;
        let school = rounds::school(&known)?;
        drop(known);
        let sha256 = hex::decode(sha256).map_err(Fault::broken)?;
        let announced = Announced { package: package.file, school, size: package.size, sha256 };
        let mut there = self.central.begin(&announced).await?;
        if there < package.size {
            let parts = self.parts(event.ledger, package.file, there);
            there = self.central.send(package.file, there, parts).await?;
        }
        if there < package.size {
            return Err(Fault::Unavailable("the rest of a transfer to the central database", None));
        }
        self.follow(event, ("sent", year), Command::Transfer { year, round }).await
    }

    /// The package's bytes from somewhere on.
    fn parts(&self, ledger: LedgerId, file: FileId, from: u64) -> Parts {
        let place = Place { blobs: self.blobs.clone(), ledger, owner: Owner::package(file), file };
        let segment = blobstore::SEGMENT_BYTES as u64;
        let first = u32::try_from(from / segment).unwrap_or(u32::MAX);
        let skipped = usize::try_from(from % segment).unwrap_or(0);
        let parts = stream::try_unfold((place, first, skipped), |(place, n, skipped)| async move {
            let bytes = place.segment(n).await?;
            let part = bytes.map(|bytes| bytes.slice(skipped.min(bytes.len())..));
            Ok::<Option<(Bytes, _)>, Fault>(part.map(|part| (part, (place, n + 1, 0))))
        });
        parts.boxed()
    }

    async fn follow(
        &self,
        event: &Recorded,
        (part, year): (&str, SchoolYear),
        command: Command,
    ) -> Result<(), Fault> {
        let goes = (Duty::ApproveBatch, wire::batch_stream(year));
        done(self.batches.execute(order(event, (NAME, part), goes, command)).await)
    }
}

#[async_trait]
impl Reactor for Sending {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn react(&self, event: &Recorded) -> Result<(), Fault> {
        let AnyEvent::Submission(submitted) = &event.event else { return Ok(()) };
        if let SubmissionEvent::BatchApproved { year, round } = submitted {
            return self.pack(event, *year, *round).await;
        }
        if let SubmissionEvent::PackageBuilt { year, round, package, size, segments, .. } = submitted {
            let package = Package { file: *package, size: *size, segments: *segments };
            // A package whose key is destroyed holds somebody who was erased: it is not sent any more.
            let Some(sha256) = rounds::sha256_of(self.batches.engine(), event).await? else { return Ok(()) };
            return self.send(event, (*year, *round), package, sha256).await;
        }
        Ok(())
    }
}
