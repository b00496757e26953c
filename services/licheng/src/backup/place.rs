//! The folder of a backup, and what may be in it at any instant.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use eventstore::store::Head;
use kernel::LedgerId;

use super::manifest::{MANIFEST, Manifest};
use super::{CHECKPOINTS, FILES, SETTINGS, prune};

/// What keeps two backups into one folder apart.
const LOCK: &str = ".lock";
/// What the names of databases begin with.
const DATABASE: &str = "licheng-";

/// Where a backup goes.
pub(super) struct Place {
    /// The backup's folder.
    pub(super) out: PathBuf,
    /// The key backup's folder.
    pub(super) keys: PathBuf,
    /// The backup that is there.
    pub(super) former: Option<Manifest>,
    id: String,
    // Held as long as this is.
    _lock: File,
}

impl Place {
    /// Takes the folders for a backup, and removes what one that broke off has left.
    ///
    /// # Errors
    /// They are within one another, hold something else, are in use, or can't be written.
    pub(super) fn open(data: &Path, out: &Path, keys: &Path) -> io::Result<Self> {
        apart(&[("--data", data), ("--out", out), ("--keys", keys)])?;
        fs::create_dir_all(out)?;
        fs::create_dir_all(keys)?;
        let lock = File::options().create(true).truncate(false).write(true).open(out.join(LOCK))?;
        lock.try_lock().map_err(|error| {
            io::Error::other(format!("{}: another backup is being made there ({error})", out.display()))
        })?;
        let former = Manifest::read(out).map_err(|error| {
            io::Error::other(format!("{error}; move it away, and name a new folder for the next backup"))
        })?;
        let id = format!("{:016x}", rand::random::<u64>());
        let place = Self { out: out.to_owned(), keys: keys.to_owned(), former, id, _lock: lock };
        place.sweep()?;
        Ok(place)
    }

    /// Where this backup's copy of the database is made.
    pub(super) fn new_database(&self) -> PathBuf {
        self.out.join(format!("{DATABASE}{}.db", self.id))
    }

    /// Where this backup's copy of the settings is made.
    pub(super) fn new_settings(&self) -> PathBuf {
        self.out.join(format!("{DATABASE}{}.toml", self.id))
    }

    /// What is backed up must be what was backed up here before, and have come further.
    pub(super) fn goes_on_from_former(&self, heads: &[(LedgerId, Head)]) -> io::Result<()> {
        for part in self.former.iter().flat_map(|former| &former.ledgers) {
            let position =
                heads.iter().find(|(ledger, _)| *ledger == part.ledger).map(|(_, head)| head.position);
            if position.is_none_or(|position| position < part.position) {
                return Err(io::Error::other(format!(
                    "{} holds a backup of school {} with {} events, and --data has {}: it is another platform, or an \
                     older state; name a new folder",
                    self.out.display(),
                    part.code,
                    part.position,
                    position.map_or_else(|| "no such ledger".to_owned(), |position| position.to_string())
                )));
            }
        }
        Ok(())
    }

    /// Removes what no backup here consists of.
    ///
    /// # Errors
    /// Something else is there, or it can't be removed.
    pub(super) fn sweep(&self) -> io::Result<()> {
        self.keep_only(Manifest::read(&self.out)?.as_ref())
    }

    /// Removes what a new backup has replaced.
    pub(super) fn tidy(&self, manifest: &Manifest) -> io::Result<()> {
        self.keep_only(Some(manifest))?;
        manifest.ledgers.iter().try_for_each(|part| prune(&self.out, part))
    }

    fn keep_only(&self, manifest: Option<&Manifest>) -> io::Result<()> {
        let kept: Vec<_> = manifest
            .iter()
            .flat_map(|manifest| [Some(&manifest.database), manifest.settings.as_ref()])
            .flatten()
            .map(|whole| whole.name.as_str())
            .collect();
        for entry in fs::read_dir(&self.out)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if [LOCK, MANIFEST, FILES, CHECKPOINTS].contains(&name.as_str()) || kept.contains(&name.as_str())
            {
                continue;
            }
            if !(name.starts_with(DATABASE) || name.ends_with(".partial")) {
                let text = format!("{} holds {name}, which is no part of a backup", self.out.display());
                return Err(io::Error::other(format!("{text}; name another folder")));
            }
            fs::remove_file(entry.path())?;
        }
        Ok(())
    }
}

/// Each folder must be outside the others: keys beside what they open are no safer than in it.
pub(super) fn apart(folders: &[(&str, &Path)]) -> io::Result<()> {
    for (name, folder) in folders {
        for (other_name, other) in folders.iter().filter(|(other, _)| other != name) {
            if resolved(folder)?.starts_with(resolved(other)?) {
                return Err(io::Error::other(format!(
                    "{name} must be outside {other_name}, on another disk at best"
                )));
            }
        }
    }
    Ok(())
}

/// A path without links, as far as it is there.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let path = std::path::absolute(path)?;
            match (path.parent(), path.file_name()) {
                (Some(parent), Some(name)) => Ok(resolved(parent)?.join(name)),
                (Some(_), None) | (None, _) => Ok(path),
            }
        }
        resolved => resolved,
    }
}

/// Where a restored folder's settings go, if they can't be taken over as they are.
pub(super) fn set_aside() -> String {
    format!("{SETTINGS}.backup")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_within_one_another_are_refused_also_through_links() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("data")).unwrap();
        std::os::unix::fs::symlink(at("data"), at("link")).unwrap();
        let refused = |out: &str, keys: &str| {
            apart(&[("--data", &at("data")), ("--out", &at(out)), ("--keys", &at(keys))]).is_err()
        };
        assert!(!refused("out", "keys"));
        assert!(!refused("data-out", "data-keys"));
        for (out, keys) in [
            ("data/out", "keys"),
            ("out", "out/keys"),
            ("keys/out", "keys"),
            ("out", "out"),
            ("link/new/out", "keys"),
        ] {
            assert!(refused(out, keys), "{out} {keys}");
        }
    }

    #[test]
    fn a_folder_with_something_else_in_it_is_refused_and_what_broke_off_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let open = || Place::open(&at("data"), &at("out"), &at("keys"));
        drop(open().unwrap());
        fs::write(at("out/licheng-0123.db"), "half").unwrap();
        fs::write(at("out/manifest.json.partial"), "half").unwrap();
        let place = open().unwrap();
        assert!(!at("out/licheng-0123.db").exists() && !at("out/manifest.json.partial").exists());
        assert!(open().err().unwrap().to_string().contains("another backup is being made"));
        drop(place);
        fs::write(at("out/diary.txt"), "mine").unwrap();
        assert!(open().err().unwrap().to_string().contains("diary.txt"));
        assert!(at("out/diary.txt").exists());
    }
}
