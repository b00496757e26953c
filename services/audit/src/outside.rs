use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use kernel::LedgerId;

use crate::note::canonical;

/// The most bytes that a signed note may have.
pub(crate) const NOTE_BYTES_MAX: u64 = 4_096;

/// Where a ledger's signed checkpoints are kept outside the database: a folder with a file for each size, named by
/// it. A file that is there is never written again.
#[derive(Clone, Debug)]
pub struct Outside {
    folder: PathBuf,
}

/// What became of a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It is kept now, or was already, byte by byte.
    Same,
    /// Another note is kept for that size.
    Other,
}

impl Outside {
    /// The ledger's folder within that of all checkpoints.
    pub fn new(checkpoints: &Path, ledger: LedgerId) -> Self {
        Self { folder: checkpoints.join(ledger.to_string()) }
    }

    /// The sizes that there are notes for, in order.
    ///
    /// # Errors
    /// The folder can't be read; one that isn't there has none.
    pub fn sizes(&self) -> io::Result<Vec<u64>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut sizes = Vec::new();
        for entry in entries {
            // What was being written when a process was killed has another name.
            sizes.extend(entry?.file_name().to_str().and_then(canonical));
        }
        sizes.sort_unstable();
        Ok(sizes)
    }

    /// The note of a size. One that is too long to be a note is cut off.
    ///
    /// # Errors
    /// It isn't there, or can't be read.
    pub fn read(&self, size: u64) -> io::Result<Vec<u8>> {
        use std::io::Read as _;
        let mut note = Vec::new();
        File::open(self.folder.join(size.to_string()))?.take(NOTE_BYTES_MAX + 1).read_to_end(&mut note)?;
        Ok(note)
    }

    /// The newest note and its size.
    ///
    /// # Errors
    /// It can't be read.
    pub fn newest(&self) -> io::Result<Option<(u64, Vec<u8>)>> {
        let newest = self.sizes()?.pop();
        newest.map(|size| Ok((size, self.read(size)?))).transpose()
    }

    /// Copies the notes of sizes up to this one into another folder of checkpoints, durably; how many there are then.
    ///
    /// # Errors
    /// A note can't be read or written, or another note is there for the same size: another history was signed.
    pub fn copy_to(&self, other: &Self, up_to: u64) -> io::Result<u64> {
        let (there, mut count) = (other.sizes()?, 0);
        for size in self.sizes()?.into_iter().take_while(|size| *size <= up_to) {
            count += 1;
            let note = self.read(size)?;
            let same = match there.binary_search(&size) {
                Ok(_) => other.read(size)? == note,
                // As it is, be it a note or not: whoever verifies names it.
                Err(_) => other.keep_bytes(size, &note)? == Kept::Same,
            };
            if !same {
                let text = format!(
                    "{}: another note is kept there already",
                    other.folder.join(size.to_string()).display()
                );
                return Err(io::Error::other(text));
            }
        }
        Ok(count)
    }

    /// Keeps a note, durably: once this returns it outlives a power failure.
    pub(crate) fn keep(&self, size: u64, note: &str) -> io::Result<Kept> {
        self.keep_bytes(size, note.as_bytes())
    }

    fn keep_bytes(&self, size: u64, note: &[u8]) -> io::Result<Kept> {
        fs::create_dir_all(&self.folder)?;
        let place = self.folder.join(size.to_string());
        // Another process may write the same at the same time, under another name.
        let beside = self.folder.join(format!(".{size}-{:016x}", rand::random::<u64>()));
        let mut file = File::create_new(&beside)?;
        let written = file.write_all(note).and_then(|()| file.sync_all());
        // A link is made whole or not at all, and never in the place of a file, as a renamed file would be.
        let linked = written.and_then(|()| fs::hard_link(&beside, &place));
        fs::remove_file(&beside)?;
        match linked {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                return Ok(if self.read(size)? == note { Kept::Same } else { Kept::Other });
            }
            linked => linked?,
        }
        for folder in self.folder.ancestors().take(2) {
            File::open(folder)?.sync_all()?;
        }
        Ok(Kept::Same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t3_a_kept_note_is_never_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let outside = Outside::new(&folder.path().join("checkpoints"), LedgerId::new(uuid::Uuid::nil()));
        assert_eq!(outside.newest().unwrap(), None);
        assert_eq!(outside.keep(10, "ten").unwrap(), Kept::Same);
        assert_eq!(outside.keep(9, "nine").unwrap(), Kept::Same);
        assert_eq!(outside.keep(10, "ten").unwrap(), Kept::Same);
        assert_eq!(outside.keep(10, "another ten").unwrap(), Kept::Other);
        fs::write(outside.folder.join(".11-0000"), "half").unwrap();
        fs::write(outside.folder.join("012"), "no size").unwrap();
        assert_eq!(outside.sizes().unwrap(), [9, 10]);
        assert_eq!(outside.newest().unwrap(), Some((10, b"ten".to_vec())));
        assert_eq!(fs::read_dir(&outside.folder).unwrap().count(), 4);
    }

    #[test]
    fn t3_notes_are_copied_up_to_a_size_and_two_histories_are_not_mixed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Outside::new(&folder.path().join(name), LedgerId::new(uuid::Uuid::nil()));
        let (from, to, other) = (at("from"), at("to"), at("other"));
        for size in [3, 5, 8] {
            from.keep(size, &format!("note {size}")).unwrap();
        }
        fs::write(from.folder.join("5"), [0xff, 0]).unwrap();
        assert_eq!(from.copy_to(&to, 7).unwrap(), 2);
        assert_eq!(from.copy_to(&to, 8).unwrap(), 3);
        assert_eq!((to.sizes().unwrap(), to.read(5).unwrap()), (vec![3, 5, 8], vec![0xff, 0]));
        other.keep(3, "another note").unwrap();
        assert!(from.copy_to(&other, 8).is_err());
        assert_eq!((other.sizes().unwrap(), other.read(3).unwrap()), (vec![3], b"another note".to_vec()));
    }
}
