//! Segments as they lie in a folder, sealed: what a backup copies. No key is needed.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use kernel::{FileId, LedgerId};

/// A segment that lies in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lying {
    /// Its file.
    pub file: FileId,
    /// Its number, from 0.
    pub n: u32,
    /// Its bytes, sealed.
    pub bytes: u64,
}

/// Every segment of a ledger that lies in a folder, in order.
///
/// # Errors
/// The folder can't be read; one that isn't there holds none.
pub fn lying(folder: &Path, ledger: LedgerId) -> io::Result<Vec<Lying>> {
    let mut found = Vec::new();
    for entry in entries(&folder.join(format!("{ledger}/files")))? {
        let Some(file) = entry.file_name().to_str().and_then(|name| name.parse::<FileId>().ok()) else {
            continue;
        };
        for segment in entries(&entry.path())? {
            // What is being written has another name until it is whole.
            let name = segment.file_name();
            let number = name.to_str().and_then(|name| Some((name, name.parse::<u32>().ok()?)));
            if let Some((_, n)) = number.filter(|(name, n)| n.to_string() == *name) {
                found.push(Lying { file, n, bytes: segment.metadata()?.len() });
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Where a segment lies in a folder.
pub fn place_in(folder: &Path, ledger: LedgerId, file: FileId, n: u32) -> PathBuf {
    folder.join(format!("{ledger}/files/{file}/{n}"))
}

/// Brings a segment into another folder, durably, unless one of that length lies there. `false`: it did.
///
/// # Errors
/// It can't be read or written; nothing is to be seen of it then.
pub fn bring(from: &Path, to: &Path, ledger: LedgerId, segment: Lying) -> io::Result<bool> {
    let place = place_in(to, ledger, segment.file, segment.n);
    if place.metadata().is_ok_and(|there| there.len() == segment.bytes) {
        return Ok(false);
    }
    put(to, &place, &fs::read(place_in(from, ledger, segment.file, segment.n))?)?;
    Ok(true)
}

/// Puts a sealed segment into a folder, durably.
///
/// # Errors
/// It can't be written; nothing is to be seen of it then.
pub fn put_sealed(to: &Path, ledger: LedgerId, (file, n): (FileId, u32), sealed: &[u8]) -> io::Result<()> {
    put(to, &place_in(to, ledger, file, n), sealed)
}

fn put(top: &Path, place: &Path, sealed: &[u8]) -> io::Result<()> {
    let folder = place.parent().unwrap_or(top);
    let is_new = !folder.is_dir();
    fs::create_dir_all(folder)?;
    let beside = folder.join(format!(".{:016x}", number_of(place)));
    let written =
        File::create(&beside).and_then(|mut file| file.write_all(sealed).and_then(|()| file.sync_all()));
    if let Err(error) = written.and_then(|()| fs::rename(&beside, place)) {
        drop(fs::remove_file(&beside));
        return Err(error);
    }
    let above = place.ancestors().skip(1).take_while(|above| above.starts_with(top));
    for folder in above.take(if is_new { usize::MAX } else { 1 }) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// A name for what is being written, the same each time: what a crash left is written over.
fn number_of(place: &Path) -> u64 {
    let name = place.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.parse().unwrap_or(u64::MAX)
}

/// Removes what lies in a folder of a ledger and isn't wanted: whole files, segments, and what a crash left.
///
/// # Errors
/// It can't be read or removed; asking again goes on with what is left.
pub fn prune(folder: &Path, ledger: LedgerId, wanted: impl Fn(FileId, u32) -> bool) -> io::Result<()> {
    for entry in entries(&folder.join(format!("{ledger}/files")))? {
        let file = entry.file_name().to_str().and_then(|name| name.parse::<FileId>().ok());
        let mut left = 0;
        for segment in entries(&entry.path())? {
            let n = segment.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
            if file.zip(n).is_some_and(|(file, n)| wanted(file, n)) {
                left += 1;
            } else {
                fs::remove_file(segment.path())?;
            }
        }
        if left == 0 {
            fs::remove_dir(entry.path())?;
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries?.collect(),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_lies_in_a_folder_is_brought_once_and_what_is_not_wanted_goes() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        let (ledger, file) = (LedgerId::new(Uuid::from_u128(1)), FileId::new(Uuid::from_u128(2)));
        assert_eq!(lying(&from, ledger).unwrap(), []);
        for n in [0, 1, 10] {
            put_sealed(&from, ledger, (file, n), b"sealed").unwrap();
        }
        let of_the_file = place_in(&from, ledger, file, 0).parent().unwrap().to_owned();
        for name in ["01", "1#7", ".5", "x"] {
            fs::write(of_the_file.join(name), "half").unwrap();
        }
        let there = lying(&from, ledger).unwrap();
        assert_eq!(there.iter().map(|lying| lying.n).collect::<Vec<_>>(), [0, 1, 10]);
        for segment in &there {
            assert!(bring(&from, &to, ledger, *segment).unwrap());
            assert!(!bring(&from, &to, ledger, *segment).unwrap());
        }
        // One that a full disk cut off, where renaming isn't whole, is brought again.
        fs::write(place_in(&to, ledger, file, 1), "sea").unwrap();
        assert!(bring(&from, &to, ledger, there[1]).unwrap());
        assert_eq!(lying(&to, ledger).unwrap(), there);
        fs::write(place_in(&to, ledger, file, 1).with_file_name(".1"), "half").unwrap();
        prune(&to, ledger, |_, n| n != 10).unwrap();
        assert_eq!(lying(&to, ledger).unwrap(), there[..2]);
        assert!(!place_in(&to, ledger, file, 1).with_file_name(".1").exists());
        prune(&to, ledger, |_, _| false).unwrap();
        assert!(!place_in(&to, ledger, file, 0).parent().unwrap().exists());
    }
}
