//! Bytes of any length in a blob store: written from their beginning to their end, read back from anywhere.

use blobstore::{BlobFault, BlobStore, SEGMENT_BYTES};
use bytes::{Bytes, BytesMut};
use eventstore::Fault;
use kernel::{FileId, LedgerId, Owner};
use sha2::{Digest as _, Sha256};

/// Where a file is: in which store, of which ledger, under whose key.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) blobs: BlobStore,
    pub(crate) ledger: LedgerId,
    pub(crate) owner: Owner,
    pub(crate) file: FileId,
}

/// A file that is written from its beginning to its end. Written again after a crash, the same bytes go on where the
/// former ones ended.
pub(crate) struct Writer {
    place: Place,
    pending: BytesMut,
    next: u32,
    hash: Sha256,
    sealed: Sha256,
    size: u64,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Complete {
    pub(crate) size: u64,
    pub(crate) segments: u32,
    /// SHA-256 of the bytes, hex.
    pub(crate) sha256: String,
    /// SHA-256 of the sealed segments in order, hex.
    pub(crate) sealed_sha256: String,
}

impl Place {
    /// The n-th segment; `None`: there are no more.
    pub(crate) async fn segment(&self, n: u32) -> Result<Option<Bytes>, Fault> {
        self.blobs.get(self.ledger, self.owner, self.file, n).await.map_err(unkept)
    }

    /// SHA-256 of the sealed segments in order, hex, which needs no key; `None` if one is missing.
    pub(crate) async fn sealed_sha256(&self, segments: u32) -> Result<Option<String>, Fault> {
        let mut hash = Sha256::new();
        for n in 0..segments {
            match self.blobs.sealed(self.ledger, self.file, n).await.map_err(unkept)? {
                Some(sealed) => hash.update(&sealed),
                None => return Ok(None),
            }
        }
        Ok(Some(hex::encode(hash.finalize())))
    }

    /// All of a file that is small.
    pub(crate) async fn whole(&self) -> Result<Vec<u8>, Fault> {
        let (mut bytes, mut n) = (Vec::new(), 0);
        while let Some(segment) = self.segment(n).await? {
            bytes.extend_from_slice(&segment);
            n += 1;
        }
        Ok(bytes)
    }
}

impl Writer {
    pub(crate) fn new(place: Place) -> Self {
        let (hash, sealed) = (Sha256::new(), Sha256::new());
        Self { place, pending: BytesMut::new(), next: 0, hash, sealed, size: 0 }
    }

    /// Writes on.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.pending.extend_from_slice(bytes);
        while self.pending.len() >= SEGMENT_BYTES {
            let segment = self.pending.split_to(SEGMENT_BYTES);
            self.put(&segment).await?;
        }
        Ok(())
    }

    /// Ends the file.
    pub(crate) async fn end(mut self) -> Result<Complete, Fault> {
        let last = self.pending.split();
        if !last.is_empty() || self.next == 0 {
            self.put(&last).await?;
        }
        Ok(Complete {
            size: self.size,
            segments: self.next,
            sha256: hex::encode(self.hash.finalize()),
            sealed_sha256: hex::encode(self.sealed.finalize()),
        })
    }

    async fn put(&mut self, segment: &[u8]) -> Result<(), Fault> {
        let Place { blobs, ledger, owner, file } = &self.place;
        blobs.put(*ledger, *owner, *file, self.next, segment).await.map_err(unkept)?;
        let sealed = blobs.sealed(*ledger, *file, self.next).await.map_err(unkept)?;
        let sealed = sealed.ok_or_else(|| Fault::broken("a segment that was just written isn't there"))?;
        self.hash.update(segment);
        self.sealed.update(&sealed);
        self.size += segment.len() as u64;
        self.next += 1;
        Ok(())
    }
}

/// What to do about a segment that can't be kept or had.
pub(crate) fn unkept(fault: BlobFault) -> Fault {
    match fault {
        BlobFault::Full => Fault::Unavailable("room for files", None),
        BlobFault::Unavailable(source) => Fault::Unavailable("the store of files", Some(source)),
        BlobFault::Seal(fault) => fault.into(),
        BlobFault::Differs(_) | BlobFault::TooLong(_) | BlobFault::Erased | BlobFault::Altered(_) => {
            Fault::broken(fault)
        }
    }
}
