//! The files of a bundle, out of a zip or as they are. Bounded: a zip bomb is refused before it has unfolded.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use bytes::Bytes;
use kernel::Malformed;
use zip::ZipArchive;

/// Bytes of all files of a bundle, unpacked.
pub const BYTES_MAX: u64 = 256 << 20;
/// Files of a bundle, or entries of its zip.
pub const ENTRIES_MAX: usize = 100;
/// Characters of a name that an answer repeats.
const NAME_SHOWN: usize = 100;

/// A bundle's files by name.
pub(super) type Files = BTreeMap<String, Bytes>;

/// The bundle's csv files by name, of at most so many bytes in all.
pub(super) fn unpacked(files: Vec<(String, Bytes)>, most: u64) -> Result<Files, Malformed> {
    let mut bundle = Files::new();
    let mut room = most;
    let zipped = files.iter().any(|(name, _)| is_zip(name));
    if zipped && files.len() > 1 {
        return Err(Malformed::one("file", "a bundle is one zip or single files, not both"));
    }
    for (name, bytes) in files {
        if is_zip(&name) {
            unzip(&name, bytes, &mut bundle, most)?;
        } else if is_csv(&name) && is_plain(&name) {
            let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            room = room.checked_sub(length).ok_or_else(|| too_much(&name, most))?;
            add(&mut bundle, name, bytes)?;
        } else {
            return Err(Malformed::one(shown(&name), "must be a plain name that ends in .csv or .zip"));
        }
    }
    Ok(bundle)
}

fn unzip(zip: &str, bytes: Bytes, bundle: &mut Files, most: u64) -> Result<(), Malformed> {
    let wrong = |error: zip::result::ZipError| {
        Malformed::one(shown(zip), format!("is no zip that can be read: {error}"))
    };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(wrong)?;
    if archive.len() > ENTRIES_MAX {
        let problem = format!("has {} entries, at most {ENTRIES_MAX} are allowed", archive.len());
        return Err(Malformed::one(shown(zip), problem));
    }
    let mut room = most;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(wrong)?;
        let name = entry.name().map_err(wrong)?.into_owned();
        // What systems put beside the files of their own accord is passed over.
        if entry.is_dir() || !is_csv(&name) || name.starts_with("__MACOSX/") {
            continue;
        }
        if !is_plain(&name) {
            return Err(Malformed::one(shown(&name), "must stand at the root of the zip"));
        }
        let mut content = Vec::new();
        let read = entry.take(room.saturating_add(1)).read_to_end(&mut content);
        let read =
            read.map_err(|error| Malformed::one(shown(&name), format!("can't be unpacked: {error}")))?;
        let read = u64::try_from(read).unwrap_or(u64::MAX);
        room = room.checked_sub(read).ok_or_else(|| too_much(&name, most))?;
        add(bundle, name, content.into())?;
    }
    Ok(())
}

fn add(bundle: &mut Files, name: String, bytes: Bytes) -> Result<(), Malformed> {
    if bundle.len() >= ENTRIES_MAX {
        return Err(Malformed::one(
            shown(&name),
            format!("is one file too many, at most {ENTRIES_MAX} are allowed"),
        ));
    }
    match bundle.insert(name.clone(), bytes) {
        None => Ok(()),
        Some(_) => Err(Malformed::one(shown(&name), "is there twice")),
    }
}

fn too_much(name: &str, most: u64) -> Malformed {
    Malformed::one(shown(name), format!("makes the bundle larger than {most} bytes"))
}

fn is_zip(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".zip")
}

fn is_csv(name: &str) -> bool {
    name.ends_with(".csv")
}

fn is_plain(name: &str) -> bool {
    !name.contains(['/', '\\', '\0']) && name.len() <= NAME_SHOWN
}

fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(NAME_SHOWN).collect()
}
