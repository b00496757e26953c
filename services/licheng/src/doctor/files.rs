//! The folders of files and checkpoints: there, writable, with room.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use super::Patient;
use super::report::Report;

/// Percent of a disk below which its room is warned of.
const ROOM_MIN: u64 = 15;

pub(super) fn look(patient: &Patient, report: &mut Report) {
    // The first `serve` makes both; one that is missing beside the other is lost.
    let config = &patient.config;
    let served = config.files.folder.exists() || config.checkpoints.exists();
    for (what, folder) in [("files", &config.files.folder), ("checkpoints folder", &config.checkpoints)] {
        if folder.is_dir() {
            there(what, folder, report);
        } else if served || !patient.is_embedded() {
            let detail = format!("{}: there is no such folder", folder.display());
            report.fail(
                what,
                detail,
                "put it back from the backup, or correct the path in the configuration",
            );
        } else {
            let detail = format!("{} isn't there yet", folder.display());
            report.warn(what, detail, "`licheng serve` makes it");
        }
    }
}

fn there(what: &str, folder: &Path, report: &mut Report) {
    if let Err(error) = round_trip(folder) {
        let detail = format!("{}: can't write, sync, read and remove a file: {error}", folder.display());
        let way_out = "make room, or give the folder to the user that serves";
        return report.fail(what, detail, way_out);
    }
    match room(folder) {
        Ok(free) if free < ROOM_MIN => {
            let detail = format!("{}: {free} % of the disk are free", folder.display());
            report.warn(what, detail, "make room, or move the folder to a larger disk");
        }
        Ok(free) => {
            report.ok(what, format!("{} is writable, {free} % of the disk are free", folder.display()))
        }
        Err(error) => {
            let detail = format!("{}: its room can't be known: {error}", folder.display());
            report.warn(what, detail, "look by `df`");
        }
    }
}

/// Writes a file, makes it durable, reads it back, and removes it.
fn round_trip(folder: &Path) -> io::Result<()> {
    let written: [u8; 32] = rand::random();
    let file = folder.join(format!(".doctor-{:016x}", rand::random::<u64>()));
    let tried = File::create_new(&file)
        .and_then(|mut open| open.write_all(&written).and_then(|()| open.sync_all()))
        .and_then(|()| fs::read(&file));
    let removed = fs::remove_file(&file);
    if tried? != written {
        return Err(io::Error::other("what is read is not what was written"));
    }
    removed
}

/// Percent of the disk that are free.
fn room(folder: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(100).checked_div(disk.f_blocks).unwrap_or(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_trip_leaves_nothing_and_tells_of_a_folder_that_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        round_trip(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(round_trip(&folder.path().join("none")).is_err());
        assert!(!folder.path().join("none").exists());
        assert!(room(folder.path()).unwrap() <= 100);
    }
}
