//! A disk without room: said clearly, nothing half-written, and it goes on when there is room again.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::judge;
use crate::world::{Backend, School, Terms, World, pdf, scratch};

/// Bytes of the picture in each file: three segments.
const PICTURE: usize = 5 << 19;
/// How often it is tried to write on a full disk.
const TRIES: usize = 12;

mod a_full_disk_is_said_and_nothing_is_half_written {
    #[tokio::test]
    async fn embedded() {
        super::on_a_small_disk().await;
    }

    #[tokio::test]
    async fn embedded_by_a_limit() {
        super::with_small_files().await;
    }
}

/// A disk of its own, of 32 MiB.
struct Disk(TempDir);

impl Disk {
    /// `None`: whoever tests may not mount.
    fn mount() -> Option<Self> {
        let folder = scratch();
        let mut mount = as_root("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", "size=32m,mode=0777", "tmpfs"]).arg(folder.path());
        mounted.output().is_ok_and(|done| done.status.success()).then(|| Self(folder))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(as_root("umount").arg("--lazy").arg(self.0.path()).output());
    }
}

fn as_root(program: &str) -> Command {
    if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.args(["--non-interactive", program]);
    command
}

async fn on_a_small_disk() {
    let Some(disk) = Disk::mount() else {
        eprintln!("not tried: mounting isn't permitted here; a limit on files' sizes is tried instead");
        return;
    };
    let folder = tempfile::Builder::new().prefix("world").tempdir_in(disk.0.path()).unwrap();
    let school = School::open_on(World::start_in(folder, None).await, Terms::default()).await;
    let ballast = disk.0.path().join("ballast");
    let fill = || {
        let mut file = File::create(&ballast).unwrap();
        // To the last byte.
        for size in [1 << 20, 1 << 12, 1] {
            let zeros = vec![0; size];
            while file.write_all(&zeros).is_ok() {}
        }
    };
    runs_out_and_goes_on(school, fill, || std::fs::remove_file(&ballast).unwrap()).await;
}

async fn with_small_files() {
    let school = School::open(Backend::Embedded).await;
    let pid = school.first.pid().to_string();
    let limit = |bytes: &str| {
        let limited = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}:")]).output();
        assert!(limited.as_ref().is_ok_and(|done| done.status.success()), "{limited:?}");
    };
    runs_out_and_goes_on(school, || limit("4096"), || limit("unlimited")).await;
}

async fn runs_out_and_goes_on(mut school: School, fill: impl Fn(), free: impl Fn()) {
    let files = school.folder().join("data/files");
    let kept = school.outcome(0, 0).await;
    let student = school.caller(school.students[0]);
    let sheet = pdf("report", PICTURE);
    let begun = student.begin(school.courses[0], &sheet).await.unwrap();
    let (there, position) = (listed(&files), school.position().await);
    fill();
    no_room(&student.put(&begun.made_id, &sheet, 0).await.unwrap_err());
    no_room(&student.send(begun.made_id.clone(), sheet.clone()).await.unwrap_err());
    let (mut written, mut refused) = (Vec::new(), 0);
    for _ in 0..TRIES {
        // What fits is taken, what doesn't is said: nothing between.
        match student.begin(school.courses[0], &pdf("more", 0)).await {
            Ok(begun) => written.push(begun.position),
            Err(status) => {
                no_room(&status);
                refused += 1;
            }
        }
    }
    eprintln!("{refused} of {TRIES} commands were refused for want of room");
    // Whoever reads is served, and finds what was acknowledged, and nothing else.
    let positions: Vec<_> = school.records().await.iter().map(|entry| entry.position).collect();
    assert_eq!(positions.get(usize::try_from(position).unwrap()..).unwrap(), written);
    assert_eq!(listed(&files), there, "something half-written is left");
    free();
    let sent = student.send(begun.made_id, sheet).await.unwrap();
    assert!(sent.receipt.position > kept.receipt.position);
    school.outcome(1, 0).await;
    school.crash().await;
    school.outcome(2, 0).await;
    judge::the_views_are_folds(&school).await;
}

#[track_caller]
fn no_room(status: &Status) {
    assert!(matches!(status.code(), Code::ResourceExhausted | Code::Unavailable), "{status:?}");
    assert!(!status.message().is_empty() && status.get_details_error_info().is_some(), "{status:?}");
}

/// Every file in a folder, and its size.
fn listed(folder: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(listed(&path));
        } else {
            let size = path.metadata().unwrap().len();
            found.push((path, size));
        }
    }
    found.sort();
    found
}
