use std::path::{Path as FolderPath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt as _;
use kernel::{FileId, LedgerId, Owner};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutMode, PutPayload};
use vault::{SealFault, Vault};

use crate::BlobFault;

/// Bytes of every segment of a file but its last, which may be shorter: 1 MiB.
pub const SEGMENT_BYTES: usize = 1 << 20;

/// Keeps the segments of files, sealed.
#[derive(Clone)]
pub struct BlobStore {
    objects: Arc<LocalFileSystem>,
    folder: Arc<PathBuf>,
    vault: Vault,
}

impl BlobStore {
    /// A store in a folder, which is made if it isn't there.
    ///
    /// # Errors
    /// [`BlobFault::Full`], [`BlobFault::Unavailable`].
    pub fn folder(path: &FolderPath, vault: Vault) -> Result<Self, BlobFault> {
        std::fs::create_dir_all(path)?;
        // Without fsync an acknowledged file could be zeros after a power cut.
        let objects = LocalFileSystem::new_with_prefix(path)?.with_fsync(true);
        Ok(Self { objects: Arc::new(objects), folder: Arc::new(path.to_owned()), vault })
    }

    /// Keeps a file's n-th segment. When it returns, the segment is on the disk; if it fails, nothing is to be seen of
    /// it. A segment that is there already is kept as it is: the same bytes again are fine.
    ///
    /// # Errors
    /// [`BlobFault`]; [`BlobFault::Differs`] if the segment is there with other bytes.
    pub async fn put(
        &self,
        ledger: LedgerId,
        owner: Owner,
        file: FileId,
        n: u32,
        bytes: &[u8],
    ) -> Result<(), BlobFault> {
        if bytes.len() > SEGMENT_BYTES {
            return Err(BlobFault::TooLong(bytes.len()));
        }
        if let Some(there) = self.get(ledger, owner, file, n).await? {
            return self.settle(ledger, file, n, there == bytes).await;
        }
        let sealed = self.vault.seal_bytes(ledger, owner, &name(file, n), bytes).await;
        let sealed = PutPayload::from(sealed.map_err(|fault| unsealed(fault, n))?);
        match self.objects.put_opts(&place(ledger, file, n), sealed, PutMode::Create.into()).await {
            Ok(_) => self.settle(ledger, file, n, true).await,
            Err(Error::AlreadyExists { .. }) => {
                let there = self.get(ledger, owner, file, n).await?;
                self.settle(ledger, file, n, there.is_some_and(|there| there == bytes)).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The numbers of a file's segments that are there, in order.
    ///
    /// # Errors
    /// [`BlobFault::Unavailable`].
    pub async fn present(&self, ledger: LedgerId, file: FileId) -> Result<Vec<u32>, BlobFault> {
        let found = self.objects.list(Some(&Path::from(format!("{ledger}/files/{file}"))));
        let number = |found: object_store::ObjectMeta| async move {
            Ok(found.location.filename().and_then(|name| name.parse::<u32>().ok()))
        };
        let mut numbers: Vec<u32> = found.try_filter_map(number).try_collect().await?;
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// A file's n-th segment; `None` if it isn't there.
    ///
    /// # Errors
    /// [`BlobFault::Altered`] if it isn't what was put there, [`BlobFault::Erased`] if its key has been destroyed.
    pub async fn get(
        &self,
        ledger: LedgerId,
        owner: Owner,
        file: FileId,
        n: u32,
    ) -> Result<Option<Bytes>, BlobFault> {
        match self.sealed(ledger, file, n).await? {
            None => Ok(None),
            Some(sealed) => self.open(ledger, owner, file, n, &sealed).await.map(Some),
        }
    }

    /// A file's n-th segment as it is kept, which needs no key; `None` if it isn't there.
    ///
    /// # Errors
    /// [`BlobFault::Unavailable`].
    pub async fn sealed(&self, ledger: LedgerId, file: FileId, n: u32) -> Result<Option<Bytes>, BlobFault> {
        match self.objects.get(&place(ledger, file, n)).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens what [`BlobStore::sealed`] answered.
    ///
    /// # Errors
    /// [`BlobFault::Altered`] if it isn't what was put there, [`BlobFault::Erased`] if its key has been destroyed.
    pub async fn open(
        &self,
        ledger: LedgerId,
        owner: Owner,
        file: FileId,
        n: u32,
        sealed: &[u8],
    ) -> Result<Bytes, BlobFault> {
        match self.vault.open_bytes(ledger, owner, &name(file, n), sealed).await {
            Ok(Some(bytes)) => Ok(Bytes::from(bytes)),
            Ok(None) => Err(BlobFault::Erased),
            Err(fault) => Err(unsealed(fault, n)),
        }
    }

    /// Deletes a file's segments, of which some or all may be gone already.
    ///
    /// # Errors
    /// [`BlobFault::Unavailable`]; asking again goes on with what is left.
    pub async fn delete(&self, ledger: LedgerId, file: FileId) -> Result<(), BlobFault> {
        for n in self.present(ledger, file).await? {
            match self.objects.delete(&place(ledger, file, n)).await {
                Ok(()) | Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Makes sure that a segment and the folders above it outlive a power cut: a process that was killed between
    /// writing and syncing leaves them to whoever sends the segment again.
    async fn settle(&self, ledger: LedgerId, file: FileId, n: u32, same: bool) -> Result<(), BlobFault> {
        if !same {
            return Err(BlobFault::Differs(n));
        }
        let segment = self.folder.join(format!("{ledger}/files/{file}/{n}"));
        for above in segment.ancestors().take_while(|above| above.starts_with(&*self.folder)) {
            tokio::fs::File::open(above).await?.sync_all().await?;
        }
        Ok(())
    }
}

/// Where a segment is kept.
fn place(ledger: LedgerId, file: FileId, n: u32) -> Path {
    Path::from(format!("{ledger}/files/{file}/{n}"))
}

/// The name that a segment is sealed under: it opens at no other place.
fn name(file: FileId, n: u32) -> String {
    format!("files/{file}/{n}")
}

fn unsealed(fault: SealFault, n: u32) -> BlobFault {
    match fault {
        SealFault::Altered(_) => BlobFault::Altered(n),
        SealFault::Destroyed(_) => BlobFault::Erased,
        SealFault::Key(_) | SealFault::Json(_) => BlobFault::Seal(fault),
    }
}

#[cfg(test)]
mod tests;
