//! Files that are whole or not there, and say themselves whether they were altered.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What a file holds, and the SHA-256 of that, as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed<T> {
    content: T,
    sha256: String,
}

/// Puts a file, which its owner alone may read, in the place of the former: one of the two is there at any instant.
pub(super) fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let beside = folder.join(name);
    let mut open = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    let written =
        open.write_all(bytes).and_then(|()| open.sync_all()).and_then(|()| fs::rename(&beside, file));
    if let Err(error) = written {
        drop(fs::remove_file(&beside));
        return Err(error);
    }
    File::open(folder)?.sync_all()
}

/// Writes a value with its digest.
pub(super) fn write_sealed<T: Serialize>(file: &Path, content: &T) -> io::Result<()> {
    write(file, &text(content)?)
}

/// Reads a value; `None`: there is no such file.
///
/// # Errors
/// It can't be read, or isn't byte by byte what was written.
pub(super) fn read_sealed<T: Serialize + DeserializeOwned>(file: &Path) -> io::Result<Option<T>> {
    let bytes = match fs::read(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        bytes => bytes.map_err(|error| named(file, &error))?,
    };
    let altered = || io::Error::other(format!("{} was altered: it is not as it was written", file.display()));
    let read: Sealed<T> = serde_json::from_slice(&bytes).map_err(|_| altered())?;
    if text(&read.content)? == bytes { Ok(Some(read.content)) } else { Err(altered()) }
}

fn text<T: Serialize>(content: &T) -> io::Result<Vec<u8>> {
    let sha256 = hex::encode(Sha256::digest(serde_json::to_vec(content)?));
    let mut text = serde_json::to_vec(&Sealed { content, sha256 })?;
    text.push(b'\n');
    Ok(text)
}

/// An error that names the file.
pub(super) fn named(file: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bit_changed_anywhere_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("paper");
        assert_eq!(read_sealed::<Vec<u32>>(&file).unwrap(), None);
        write_sealed(&file, &vec![1_u32, 20, 300]).unwrap();
        assert_eq!(read_sealed(&file).unwrap(), Some(vec![1_u32, 20, 300]));
        let whole = fs::read(&file).unwrap();
        for bit in 0..whole.len() * 8 {
            let mut changed = whole.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            fs::write(&file, changed).unwrap();
            let error = read_sealed::<Vec<u32>>(&file).unwrap_err().to_string();
            assert!(error.contains("paper was altered"), "bit {bit}: {error}");
        }
        write_sealed(&file, &vec![4_u32]).unwrap();
        assert_eq!(read_sealed(&file).unwrap(), Some(vec![4_u32]));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
