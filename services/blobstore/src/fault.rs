use std::error::Error;
use std::io::{self, ErrorKind};

use vault::SealFault;

/// A segment can't be kept, or can't be had.
#[derive(Debug, thiserror::Error)]
pub enum BlobFault {
    /// A segment of that number is there, with other bytes. It stays.
    #[error("segment {0} is there already, with other bytes")]
    Differs(u32),
    /// A segment holds at most [`crate::SEGMENT_BYTES`].
    #[error("a segment has at most 1 MiB, this one has {0} bytes")]
    TooLong(usize),
    /// There is no room left; nothing was written.
    #[error("there is no room left for files")]
    Full,
    /// The file's key has been destroyed: nobody can read it any more.
    #[error("the file's key has been destroyed")]
    Erased,
    /// A segment isn't what was written, or isn't where it was written.
    #[error("segment {0} was altered, or moved from another file")]
    Altered(u32),
    /// The key can't be had.
    #[error(transparent)]
    Seal(SealFault),
    /// The store of files doesn't answer as it should: try again later.
    #[error("the store of files can't be reached: {0}")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

impl From<object_store::Error> for BlobFault {
    fn from(error: object_store::Error) -> Self {
        if is_full(&error) { Self::Full } else { Self::Unavailable(Box::new(error)) }
    }
}

impl From<io::Error> for BlobFault {
    fn from(error: io::Error) -> Self {
        if is_full(&error) { Self::Full } else { Self::Unavailable(Box::new(error)) }
    }
}

/// Whether somewhere below it a disk, or a share of one, said that it is full.
fn is_full(error: &(dyn Error + 'static)) -> bool {
    let mut below = Some(error);
    while let Some(error) = below {
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
        if matches!(kind, Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)) {
            return true;
        }
        below = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_one_that_is_not_there() {
        let wrapped = |kind| object_store::Error::Generic {
            store: "folder",
            source: Box::new(object_store::Error::NotSupported { source: Box::new(io::Error::from(kind)) }),
        };
        assert!(matches!(BlobFault::from(wrapped(ErrorKind::StorageFull)), BlobFault::Full));
        assert!(matches!(BlobFault::from(wrapped(ErrorKind::QuotaExceeded)), BlobFault::Full));
        assert!(matches!(BlobFault::from(wrapped(ErrorKind::PermissionDenied)), BlobFault::Unavailable(_)));
        assert!(matches!(BlobFault::from(io::Error::from(ErrorKind::StorageFull)), BlobFault::Full));
    }
}
