//! Backup and restore of the embedded platform: while it serves, killed half-way, altered, and after an erasure.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use futures::StreamExt as _;
use proto::portfolio::v1::{GetPortfolioRequest, GetPortfolioResponse};
use proto::uploads::v1::ReadFileRequest;
use proto::uploads::v1::read_file_response::Part;
use rand::RngExt as _;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use tokio::process::Command;
use tonic::{Code, Request, Status};
use uuid::Uuid;

use crate::world::{Backend, Caller, Process, School, Work, ask, executable, pdf, said};

/// Bytes of the picture in a file of three segments.
const PICTURE: usize = 5 << 19;
/// How often a backup is killed.
const KILLS: usize = 8;

/// Folders of a test, within its world's.
struct Folders<'a> {
    school: &'a School,
}

impl Folders<'_> {
    fn at(&self, name: &str) -> PathBuf {
        self.school.folder().join(name)
    }

    fn backing_up(&self, out: &str, keys: &str) -> Command {
        let mut command = Command::new(executable());
        command.args(["backup", "--data"]).arg(self.at("data"));
        command.arg("--out").arg(self.at(out)).arg("--keys").arg(self.at(keys));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    async fn back_up(&self, out: &str, keys: &str) {
        let done = self.backing_up(out, keys).output().await.unwrap();
        assert!(done.status.success(), "{}", said(&done));
        assert!(said(&done).contains("items_of_all"), "it tells how far it is: {}", said(&done));
    }

    async fn restoring(&self, out: &str, keys: &str, to: &str) -> Output {
        let mut command = Command::new(executable());
        command.arg("restore").arg("--from").arg(self.at(out)).arg("--keys").arg(self.at(keys));
        command.arg("--data").arg(self.at(to)).stdin(Stdio::null()).output().await.unwrap()
    }

    /// Restores into a new folder, which goes on with the world's clock as it is told to.
    async fn restore(&self, out: &str, keys: &str, to: &str) -> PathBuf {
        let done = self.restoring(out, keys, to).await;
        assert!(done.status.success(), "{}", said(&done));
        assert!(said(&done).contains("licheng.toml.backup"), "{}", said(&done));
        let data = self.at(to);
        fs::rename(data.join("licheng.toml.backup"), data.join("licheng.toml")).unwrap();
        data
    }

    /// That nothing is restored, for a reason that holds these words; exit status 1, and no panic.
    async fn refused(&self, (out, keys, to): (&str, &str, &str), words: &[&str]) {
        let done = self.restoring(out, keys, to).await;
        assert_eq!(done.status.code(), Some(1), "{}", said(&done));
        for word in words {
            assert!(said(&done).contains(word), "{word}: {}", said(&done));
        }
        let left = fs::read_dir(self.school.folder()).unwrap().map(|entry| entry.unwrap().file_name());
        let left: Vec<_> = left.filter(|name| name.to_string_lossy().ends_with(".partial")).collect();
        assert!(left.is_empty(), "{left:?}");
    }

    /// Runs SQL on a database that nobody serves; what the last statement answers.
    async fn sql(&self, database: &Path, sql: &str) -> Option<i64> {
        let url = format!("sqlite://{}", database.display());
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        let query = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()));
        let answer = query.fetch_optional(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        answer
    }

    /// The one database of a backup.
    fn database(&self, out: &str) -> PathBuf {
        let names = fs::read_dir(self.at(out)).unwrap().map(|entry| entry.unwrap().path());
        let mut databases = names.filter(|path| path.extension().is_some_and(|ending| ending == "db"));
        let only = databases.next().unwrap();
        assert_eq!(databases.next(), None, "a backup keeps one");
        only
    }

    async fn head(&self, data: &Path) -> u64 {
        let position = self.sql(&data.join("licheng.db"), "select position from heads").await;
        u64::try_from(position.unwrap()).unwrap()
    }
}

/// A work's file, as somebody reads it.
async fn read(caller: &Caller, work: &str) -> Result<Vec<u8>, Status> {
    let request = ReadFileRequest { work_id: work.to_owned(), ..ReadFileRequest::default() };
    let mut parts = caller.uploads().read_file(request).await?.into_inner();
    let mut bytes = Vec::new();
    while let Some(part) = parts.next().await {
        if let Part::Chunk(chunk) = part?.part.unwrap() {
            bytes.extend(chunk);
        }
    }
    Ok(bytes)
}

async fn portfolio(caller: &Caller, student: Uuid, position: u64) -> GetPortfolioResponse {
    let asked = GetPortfolioRequest { at_least_position: position, student_id: student.to_string() };
    let path = "/licheng.portfolio.v1.PortfolioService/GetPortfolio";
    ask(caller, path, Request::new(tokio_stream::once(asked))).await.unwrap()
}

fn random_bit() -> u8 {
    rand::rng().random_range(0..8)
}

fn flip(file: &Path, at: usize, bit: u8) {
    let mut bytes = fs::read(file).unwrap();
    bytes[at] ^= 1 << bit;
    fs::write(file, bytes).unwrap();
}

/// The segments of all files in a folder.
fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(segments(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// A school with three works of the first student: one certified, one selected, one of three segments.
async fn at_work() -> (School, Vec<Work>) {
    let school = School::open(Backend::Embedded).await;
    let mut works = school.certified(0, 2).await;
    let student = school.caller(school.students[0]);
    student.tick(&works[0]).await.unwrap();
    works.push(student.hand_in(school.courses[0], pdf("large", PICTURE)).await.unwrap());
    (school, works)
}

#[tokio::test]
async fn what_was_acknowledged_before_a_backup_is_there_after_a_restore() {
    let (mut school, works) = at_work().await;
    let student = school.caller(school.students[0]);
    let sheet = pdf("under way", PICTURE);
    let begun = student.begin(school.courses[0], &sheet).await.unwrap().made_id;
    student.put(&begun, &sheet, 1).await.unwrap();
    let position = school.position().await;
    let before = portfolio(&student, school.students[0], position).await;

    let folders = Folders { school: &school };
    // The second time, files are there already.
    for _ in 0..2 {
        let others = (0..6).map(|n| school.outcome(1 + n % 2, 1));
        let ((), handed_in) = tokio::join!(folders.back_up("out", "keys"), futures::future::join_all(others));
        assert_eq!(handed_in.len(), 6);
    }
    let wrapped =
        folders.sql(&folders.database("out"), "select count(*) from keys where wrapped is not null").await;
    assert_eq!(wrapped, Some(0), "the backup holds no key");
    school.first.kill().await;

    let folders = Folders { school: &school };
    let data = folders.restore("out", "keys", "restored").await;
    let restored = folders.head(&data).await;
    assert!(restored >= position, "{restored} of at least {position}");
    let process = school.serving_in(&data).await;
    serves_the_same(&school, &process, &works, &before, restored).await;

    let student = school.caller_at(&process, school.students[0]);
    for index in [0, 2] {
        student.put(&begun, &sheet, index).await.unwrap();
    }
    let receipt = student.finish(&begun).await.unwrap();
    assert_eq!(receipt.position, restored + 1, "it goes on where it stood");
    assert_eq!(read(&student, &begun).await.unwrap(), sheet.bytes);
    drop(process);
    verified(&school, &data).await;
}

async fn serves_the_same(
    school: &School,
    process: &Process,
    works: &[Work],
    before: &GetPortfolioResponse,
    position: u64,
) {
    let student = school.caller_at(process, school.students[0]);
    let after = portfolio(&student, school.students[0], position).await;
    assert_eq!((&after.student, &after.works), (&before.student, &before.works));
    for work in works {
        assert_eq!(read(&student, &work.id).await.unwrap(), work.sheet.bytes);
    }
    assert_eq!(student.selection().await.outcome_ids, [works[0].id.clone()]);
}

/// An export of a restored folder verifies by the key that the school was opened with.
async fn verified(school: &School, data: &Path) {
    let out = school.folder().join("export");
    let mut command = Command::new(executable());
    command.args(["audit", "export", "--data"]).arg(data).arg("--out").arg(&out);
    let exported = command.output().await.unwrap();
    assert!(exported.status.success(), "{}", said(&exported));
    school.verify(&out).await;
}

#[tokio::test]
async fn what_was_altered_in_a_backup_is_named_and_refused() {
    let (mut school, works) = at_work().await;
    school.first.kill().await;
    let folders = Folders { school: &school };
    folders.back_up("out", "keys").await;
    let ledger = school.ledger.to_string();
    let mut random = rand::rng();
    let segments = segments(&folders.at("out/files"));
    assert_eq!(segments.len(), 2 + 3, "{} works", works.len());
    let checkpoint =
        fs::read_dir(folders.at("out/checkpoints").join(ledger)).unwrap().next().unwrap().unwrap();
    let settings = fs::read_dir(folders.at("out")).unwrap().map(|entry| entry.unwrap().path());
    let settings = settings.filter(|path| path.extension().is_some_and(|ending| ending == "toml"));
    let others = [folders.database("out"), folders.at("out/manifest.json"), folders.at("keys/keys.json")];
    let victims: Vec<_> =
        segments.iter().cloned().chain(others).chain([checkpoint.path()]).chain(settings).collect();
    // The highest bit too: then a text is none.
    for (victim, bit) in victims.into_iter().flat_map(|victim| [(victim.clone(), random_bit()), (victim, 7)])
    {
        let length = usize::try_from(victim.metadata().unwrap().len()).unwrap();
        let at = random.random_range(0..length);
        flip(&victim, at, bit);
        let name = match victim.starts_with(folders.at("out/checkpoints")) {
            // As whoever verifies calls it.
            true => format!("the checkpoint of {}", victim.file_name().unwrap().to_str().unwrap()),
            false => victim.to_str().unwrap().to_owned(),
        };
        folders.refused(("out", "keys", "restored"), &[&name, "altered"]).await;
        assert!(!folders.at("restored").exists(), "bit {bit} of byte {at} of {name}");
        flip(&victim, at, bit);
    }

    let (kept, elsewhere) = (&segments[0], folders.at("elsewhere"));
    fs::rename(kept, &elsewhere).unwrap();
    folders.refused(("out", "keys", "restored"), &[kept.to_str().unwrap(), "missing"]).await;
    fs::rename(&elsewhere, kept).unwrap();
    folders.refused(("out", "none", "restored"), &["there is no key backup"]).await;
    fs::create_dir(folders.at("full")).unwrap();
    fs::write(folders.at("full/diary"), "mine").unwrap();
    folders.refused(("out", "keys", "full"), &["not empty"]).await;
    let (manifest, aside) = (folders.at("out/manifest.json"), folders.at("manifest"));
    fs::rename(&manifest, &aside).unwrap();
    folders.refused(("out", "keys", "restored"), &["no complete backup"]).await;
    fs::rename(&aside, &manifest).unwrap();
    // As it was written it is restored, into an empty folder too.
    fs::create_dir(folders.at("restored")).unwrap();
    folders.restore("out", "keys", "restored").await;
}

#[tokio::test]
async fn what_rotted_in_a_backup_is_found_by_the_next() {
    let (mut school, _) = at_work().await;
    school.first.kill().await;
    let folders = Folders { school: &school };
    folders.back_up("out", "keys").await;
    let database = folders.database("out");
    let segment = segments(&folders.at("out/files")).remove(0);
    flip(&segment, 100, 3);
    let next = folders.backing_up("out", "keys").output().await.unwrap();
    assert_eq!(next.status.code(), Some(1), "{}", said(&next));
    let file = segment.parent().unwrap().file_name().unwrap().to_str().unwrap();
    assert!(
        said(&next).contains(file) && said(&next).contains("the former backup stands"),
        "{}",
        said(&next)
    );
    assert_eq!(folders.database("out"), database);
    // One that reads new files alone doesn't see it; whoever restores does.
    let quick = folders.backing_up("out", "keys").arg("--quick").output().await.unwrap();
    assert!(quick.status.success(), "{}", said(&quick));
    folders.refused(("out", "keys", "restored"), &[segment.to_str().unwrap(), "altered"]).await;
    fs::remove_file(&segment).unwrap();
    folders.back_up("out", "keys").await;
    folders.restore("out", "keys", "restored").await;
}

#[tokio::test]
async fn a_file_that_is_gone_and_not_erased_is_named() {
    let (mut school, _) = at_work().await;
    school.first.kill().await;
    let folders = Folders { school: &school };
    let segment = segments(&folders.at("data/files")).remove(0);
    let file = segment.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
    fs::remove_file(&segment).unwrap();
    let refused = folders.backing_up("out", "keys").output().await.unwrap();
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert!(said(&refused).contains(&file) && said(&refused).contains("missing"), "{}", said(&refused));
    assert!(!folders.at("out/manifest.json").exists() && !folders.at("keys/keys.json").exists());
    folders.refused(("out", "keys", "restored"), &["no complete backup"]).await;
}

#[tokio::test]
async fn a_full_disk_is_said_and_leaves_the_former_backup() {
    let (mut school, _) = at_work().await;
    let folders = Folders { school: &school };
    folders.back_up("out", "keys").await;
    let former = school.position().await;
    let student = school.caller(school.students[1]);
    student.hand_in(school.courses[1], pdf("more", PICTURE)).await.unwrap();
    school.first.kill().await;
    let folders = Folders { school: &school };
    // No file may be longer: too short for the database, for a segment, for the manifest.
    for limit in ["65536", "1000000", "2048"] {
        let backup = folders.backing_up("out", "keys");
        let mut limited = Command::new("prlimit");
        limited.args([&format!("--fsize={limit}"), "env", "--ignore-signal=XFSZ"]);
        limited.arg(executable()).args(backup.as_std().get_args());
        let done = limited.output().await.unwrap();
        assert_eq!(done.status.code(), Some(1), "{}", said(&done));
        assert!(said(&done).contains("the former backup stands"), "{}", said(&done));
        let name = format!("restored-{limit}");
        let data = folders.restore("out", "keys", &name).await;
        assert_eq!(folders.head(&data).await, former);
        folders.database("out");
    }
    folders.back_up("out", "keys").await;
    let data = folders.restore("out", "keys", "restored").await;
    assert!(folders.head(&data).await > former);
}

#[tokio::test]
async fn a_backup_that_is_killed_leaves_the_former() {
    let (mut school, _) = at_work().await;
    let folders = Folders { school: &school };
    folders.back_up("out", "keys").await;
    let former = school.position().await;
    for _ in 0..2 {
        let student = school.caller(school.students[1]);
        student.hand_in(school.courses[1], pdf("more", PICTURE)).await.unwrap();
    }
    let mut completed = 0;
    for n in 0..KILLS {
        let mut child =
            folders.backing_up("out", "keys").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // The instant itself is what is tried.
        let instant = Duration::from_millis(rand::rng().random_range(0..250));
        if let Ok(ended) = tokio::time::timeout(instant, child.wait()).await {
            assert!(ended.unwrap().success());
            completed += 1;
        }
        child.kill().await.unwrap();
        let name = format!("restored-{n}");
        let data = folders.restore("out", "keys", &name).await;
        assert!(folders.head(&data).await >= former);
    }
    println!("{completed} of {KILLS} backups were made before they were killed");
    folders.back_up("out", "keys").await;
    let data = folders.restore("out", "keys", "restored").await;
    assert_eq!(folders.head(&data).await, school.position().await);
    folders.database("out");
    school.first.kill().await;
    verified(&school, &data).await;
}

#[tokio::test]
async fn a_destroyed_key_comes_back_from_no_backup() {
    let (mut school, works) = at_work().await;
    school.first.kill().await;
    let folders = Folders { school: &school };
    folders.back_up("older", "keys").await;
    let copied = Command::new("cp").arg("-a").arg(folders.at("keys")).arg(folders.at("older-keys")).status();
    assert!(copied.await.unwrap().success());
    let work = &works[2];
    let destroy = format!("update keys set wrapped = null where kid like '%/work-{}' returning 1", work.id);
    assert_eq!(folders.sql(&folders.at("data/licheng.db"), &destroy).await, Some(1));
    // An erasure deletes the files after the key.
    let all = segments(&folders.at("data/files"));
    let large = all.iter().find(|segment| segment.ends_with("2")).unwrap().parent().unwrap();
    fs::remove_dir_all(large).unwrap();
    let newer = folders.backing_up("newer", "keys").output().await.unwrap();
    assert!(newer.status.success() && said(&newer).contains("1 files are gone"), "{}", said(&newer));
    assert_eq!(segments(&folders.at("newer/files")).len(), all.len() - 3);

    // A backup from before with the keys of now, and a backup from now with the keys from before.
    for (n, (out, keys)) in [("older", "keys"), ("newer", "older-keys")].into_iter().enumerate() {
        let data = folders.restore(out, keys, &format!("restored-{n}")).await;
        let process = school.serving_in(&data).await;
        let student = school.caller_at(&process, school.students[0]);
        assert_eq!(read(&student, &work.id).await.unwrap_err().code(), Code::NotFound, "{out} {keys}");
        assert_eq!(read(&student, &works[0].id).await.unwrap(), works[0].sheet.bytes, "{out} {keys}");
    }

    school.first = school.second().await;
    school.outcome(1, 1).await;
    let folders = Folders { school: &school };
    folders.back_up("newer", "keys").await;
    folders.refused(("newer", "older-keys", "restored"), &["use a newer key backup", "/work-"]).await;
    folders.restore("newer", "keys", "restored").await;
}

#[tokio::test]
async fn a_backup_is_not_mixed_with_another_platforms() {
    let (school, _) = at_work().await;
    let folders = Folders { school: &school };
    folders.back_up("out", "keys").await;
    let (other, _) = at_work().await;
    let refused = async |out: &Path, keys: &Path, words: &str| {
        let mut command = Command::new(executable());
        command.args(["backup", "--data"]).arg(other.folder().join("data"));
        let done = command.arg("--out").arg(out).arg("--keys").arg(keys).output().await.unwrap();
        assert_eq!(done.status.code(), Some(1), "{}", said(&done));
        assert!(said(&done).contains(words), "{words}: {}", said(&done));
    };
    let (out, keys) = (other.folder().join("out"), other.folder().join("keys"));
    refused(&folders.at("out"), &keys, "another platform").await;
    refused(&out, &folders.at("keys"), "another platform").await;
    refused(&other.folder().join("data/out"), &keys, "must be outside --data").await;
    refused(&out, &out.join("keys"), "must be outside --out").await;
    folders.restore("out", "keys", "restored").await;
}
