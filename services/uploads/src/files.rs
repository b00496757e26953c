//! The bytes of files: from their segments to a verdict, and back to whoever reads them.

use blobstore::{BlobFault, BlobStore};
use bytes::Bytes;
use chassis::status;
use eventstore::Fault;
use futures::stream::{self, BoxStream, StreamExt as _};
use kernel::{Clause, FileId, LedgerId, Malformed, Owner, clause};
use md5::Md5;
use proto::uploads::v1::read_file_response::Part;
use proto::uploads::v1::{FileHeader, ReadFileResponse};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use tonic::Status;

use crate::domain::{FileFault, Found, Refusal, SEGMENT_BYTES, Work, segments};
use crate::examine::examine;

/// What is said of a file that can't be read any more.
const FILES: Clause = clause("U4");
/// Files that are examined at the same time: each is in memory, and so is what it unpacks to.
const AT_ONCE: usize = 2;
/// What a commitment begins with.
const COMMITMENT: &[u8] = b"licheng/file/1";

// A segment on the wire is a segment at rest.
const _: () = assert!(SEGMENT_BYTES as usize == blobstore::SEGMENT_BYTES);

/// Files in a blob store.
pub(crate) struct Files {
    blobs: BlobStore,
    turns: Semaphore,
}

/// Which bytes of which file are read.
pub(crate) struct Download {
    /// Its ledger.
    pub(crate) ledger: LedgerId,
    /// Whose it is.
    pub(crate) owner: Owner,
    /// The file.
    pub(crate) file: FileId,
    /// What comes first.
    pub(crate) header: FileHeader,
    /// The first byte, and the first one no longer.
    pub(crate) range: (u64, u64),
}

/// A download on its way.
struct Underway {
    blobs: BlobStore,
    download: Download,
    at: u64,
    /// Of the bytes so far, if it is the whole file that is read.
    hash: Option<Sha256>,
}

impl Files {
    /// Over a blob store.
    pub(crate) fn new(blobs: BlobStore) -> Self {
        Self { blobs, turns: Semaphore::new(AT_ONCE) }
    }

    /// Keeps a segment.
    pub(crate) async fn put(
        &self,
        ledger: LedgerId,
        owner: Owner,
        file: FileId,
        (n, bytes): (u32, &[u8]),
    ) -> Result<(), Status> {
        self.blobs.put(ledger, owner, file, n, bytes).await.map_err(unkept)
    }

    /// The segments that are there, in order.
    pub(crate) async fn present(&self, ledger: LedgerId, file: FileId) -> Result<Vec<u32>, Status> {
        self.blobs.present(ledger, file).await.map_err(unkept)
    }

    /// Reads a work's whole file back and examines it.
    pub(crate) async fn found(&self, ledger: LedgerId, owner: Owner, work: &Work) -> Result<Found, Status> {
        let (Some(name), Some(announced), Some(salt)) =
            (work.name.open().cloned(), work.sha256.open().cloned(), work.salt.open())
        else {
            return Err(gone());
        };
        let salt = hex::decode(salt).map_err(|_| status::data_loss("a work's salt is not hex"))?;
        let turn = self.turns.acquire().await.map_err(|_| status::stopping())?;
        let (bytes, sealed_sha256) = self.whole(ledger, owner, work).await?;
        let examined = tokio::task::spawn_blocking(move || {
            let sha256 = Sha256::digest(&bytes);
            let commitment = Sha256::new().chain_update(COMMITMENT).chain_update(&salt).chain_update(sha256);
            let differs = hex::encode(sha256) != announced;
            Found {
                sha256: hex::encode(sha256),
                md5: hex::encode(Md5::digest(&bytes)),
                sealed_sha256,
                commitment: hex::encode(commitment.finalize()),
                verdict: if differs { Err(FileFault::DigestDiffers) } else { examine(&name, &bytes) },
            }
        });
        let found = examined.await.map_err(|_| status::stopping());
        drop(turn);
        found
    }

    /// A file's bytes, and the SHA-256 of its sealed segments in order.
    async fn whole(&self, ledger: LedgerId, owner: Owner, work: &Work) -> Result<(Vec<u8>, String), Status> {
        let present = self.present(ledger, work.file).await?;
        let missing: Vec<u32> = (0..segments(work.size)).filter(|n| !present.contains(n)).collect();
        if !missing.is_empty() {
            return Err(status::refused(&Refusal::Incomplete { missing }));
        }
        let (mut bytes, mut sealed_hash) = (Vec::with_capacity(work.size as usize), Sha256::new());
        for n in 0..segments(work.size) {
            let sealed = self.blobs.sealed(ledger, work.file, n).await.map_err(unkept)?;
            let sealed = sealed.ok_or_else(|| status::data_loss("a segment of a file has gone"))?;
            sealed_hash.update(&sealed);
            bytes.extend(self.blobs.open(ledger, owner, work.file, n, &sealed).await.map_err(unkept)?);
        }
        Ok((bytes, hex::encode(sealed_hash.finalize())))
    }

    /// The bytes that are asked for, a segment at a time, each checked by its seal. Where it is the whole file, its last
    /// bytes are given only if the digest of all is the one that was handed in.
    pub(crate) fn download(
        &self,
        download: Download,
    ) -> BoxStream<'static, Result<ReadFileResponse, Status>> {
        let header = part(Part::Header(download.header.clone()));
        let (from, until) = download.range;
        let whole = from == 0 && until == download.header.size;
        let hash = whole.then(Sha256::new);
        let underway = Underway { blobs: self.blobs.clone(), download, at: from, hash };
        stream::iter([Ok(header)]).chain(stream::try_unfold(underway, Underway::step)).boxed()
    }
}

impl Underway {
    async fn step(mut self) -> Result<Option<(ReadFileResponse, Self)>, Status> {
        let (segment, until) = (u64::from(SEGMENT_BYTES), self.download.range.1);
        if self.at >= until {
            return Ok(None);
        }
        let n = self.at / segment;
        let bytes = self.segment(u32::try_from(n).unwrap_or(u32::MAX)).await?;
        let (from, to) = (self.at - n * segment, (until - n * segment).min(segment));
        let lost = || status::data_loss("a segment of a file is shorter than it was");
        let wanted = usize::try_from(from).ok().zip(usize::try_from(to).ok());
        let (from, to) = wanted.filter(|(_, to)| *to <= bytes.len()).ok_or_else(lost)?;
        self.at = n * segment + to as u64;
        self.check(&bytes)?;
        Ok(Some((part(Part::Chunk(bytes.slice(from..to))), self)))
    }

    async fn segment(&self, n: u32) -> Result<Bytes, Status> {
        let Download { ledger, owner, file, .. } = &self.download;
        let bytes = self.blobs.get(*ledger, *owner, *file, n).await.map_err(unkept)?;
        bytes.ok_or_else(|| status::data_loss("a segment of a file has gone"))
    }

    fn check(&mut self, bytes: &[u8]) -> Result<(), Status> {
        let last = self.at >= self.download.range.1;
        let Some(hash) = &mut self.hash else { return Ok(()) };
        hash.update(bytes);
        if last && hex::encode(hash.clone().finalize()) != self.download.header.sha256 {
            return Err(status::data_loss("a file is not the one that was handed in"));
        }
        Ok(())
    }
}

const fn part(part: Part) -> ReadFileResponse {
    ReadFileResponse { part: Some(part) }
}

/// The file has been erased.
pub(crate) fn gone() -> Status {
    status::not_found(FILES, "file")
}

/// What the caller may do about a segment that can't be kept or had.
fn unkept(fault: BlobFault) -> Status {
    match fault {
        BlobFault::Differs(n) => status::malformed(Malformed::one(
            "bytes",
            format!("segment {n} is there with other bytes; to send another file, begin the work again"),
        )),
        BlobFault::TooLong(_) => status::malformed(Malformed::one("bytes", fault.to_string())),
        BlobFault::Full => status::no_room(),
        BlobFault::Erased => gone(),
        BlobFault::Altered(_) => status::data_loss(&format!("a file can't be read: {fault}")),
        BlobFault::Unavailable(source) => {
            status::fault(Fault::Unavailable("the store of files", Some(source)))
        }
        BlobFault::Seal(fault) => status::fault(fault.into()),
    }
}
