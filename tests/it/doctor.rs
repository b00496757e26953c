//! The doctor: what is well is said to be well, what isn't is named, and nothing is made or changed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;
use tokio::process::Command;

use crate::faults::Server;
use crate::world::{Backend, School, Terms, World, executable, said, scratch};

both!(
    a_platform_that_serves_is_well,
    nothing_is_made_or_changed,
    a_key_file_that_is_gone_fails,
    a_newer_schema_fails,
    a_parked_view_fails,
);

/// What was found, at this level: what it is about, detail, way out.
fn found(output: &Output, level: &str) -> Vec<[String; 3]> {
    let whole: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(output)));
    let findings = whole["findings"].as_array().unwrap().iter().filter(|finding| finding["level"] == level);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    findings.map(|finding| ["what", "detail", "way_out"].map(|field| text(&finding[field]))).collect()
}

/// That exactly this fails, in these words, with a way out in these.
#[track_caller]
fn fails(output: &Output, what: &str, detail: &str, way_out: &str) {
    assert_eq!(output.status.code(), Some(1), "{}", said(output));
    let found = found(output, "fail");
    let [[about, why, out]] = found.as_slice() else { panic!("{found:?}") };
    assert!(about.contains(what) && why.contains(detail) && out.contains(way_out), "{found:?}");
}

async fn a_platform_that_serves_is_well(backend: Backend) {
    let school = School::open(backend).await;
    school.certified(0, 1).await;
    let output = school.licheng(&["doctor", "--json"]).await;
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(found(&output, "fail"), Vec::<[String; 3]>::new());
    let well: BTreeSet<_> = found(&output, "ok").into_iter().map(|[what, ..]| what).collect();
    for what in
        ["configuration", "store", "school 353301", "bus", "clock", "key-encryption key", "keys of 353301"]
    {
        assert!(well.contains(what), "{what} in {well:?}");
    }
    let lines = school.licheng(&["doctor"]).await;
    assert!(lines.status.success(), "{}", said(&lines));
    let text = String::from_utf8(lines.stdout.clone()).unwrap();
    assert!(text.lines().all(|line| line.starts_with("ok    ") || line.contains(" → ")), "{text}");
}

/// Every file and folder, and what each file holds but for SQLite's log.
fn everything(folder: &Path) -> BTreeSet<(String, Vec<u8>)> {
    let mut all = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(everything(&path));
        }
        let name = path.to_str().unwrap().to_owned();
        let log = name.ends_with("-wal") || name.ends_with("-shm");
        let bytes =
            if path.is_dir() || name.ends_with(".db") { Vec::new() } else { fs::read(&path).unwrap() };
        if !log {
            all.insert((name, bytes));
        }
    }
    all
}

async fn nothing_is_made_or_changed(backend: Backend) {
    let mut school = School::open(backend).await;
    school.first.kill().await;
    let data = school.folder().join("data");
    let before = everything(&data);
    let output = school.licheng(&["doctor"]).await;
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(everything(&data), before);
    if backend == Backend::Embedded {
        assert!(!data.join("licheng.db-wal").exists() && !data.join("licheng.db-shm").exists());
    }

    let doctor = async |option: &str, path: &Path| {
        let mut command = Command::new(executable());
        command.arg("doctor").arg(option).arg(path).stdin(Stdio::null()).output().await.unwrap()
    };
    let (none, empty, file) = ["none", "empty", "lame.toml"].map(|name| school.folder().join(name)).into();
    fs::create_dir(&empty).unwrap();
    fs::write(&file, "colour = 'red'").unwrap();
    for (option, path, words) in [
        ("--data", &none, "there is no such folder"),
        ("--data", &empty, "there is no platform in this folder"),
        ("--config", &none, "No such file"),
        ("--config", &file, "colour"),
    ] {
        let output = doctor(option, path).await;
        assert_eq!(output.status.code(), Some(3), "{}", said(&output));
        assert!(output.stdout.is_empty() && said(&output).contains(words), "{}", said(&output));
    }
    assert!(!none.exists());
    assert_eq!(fs::read_dir(&empty).unwrap().count(), 0);
}

async fn a_key_file_that_is_gone_fails(backend: Backend) {
    let mut school = School::open(backend).await;
    let file = match backend {
        Backend::Embedded => school.folder().join("data/keys/key-encryption-key"),
        Backend::District => school.folder().join("data/kek"),
    };
    let kept = fs::read_to_string(&file).unwrap();
    fs::remove_file(&file).unwrap();
    let output = school.licheng(&["doctor", "--json"]).await;
    fails(&output, "key-encryption key", file.to_str().unwrap(), "never make another");
    assert!(!file.exists());
    // Another key is none either.
    fs::write(&file, kept.replace(|digit: char| digit.is_ascii_hexdigit(), "1")).unwrap();
    let output = school.licheng(&["doctor", "--json"]).await;
    fails(&output, "keys of 353301", "doesn't open", "put back");
    fs::write(&file, "secret").unwrap();
    let output = school.licheng(&["doctor", "--json"]).await;
    fails(&output, "key-encryption key", "64 hex digits", "put the file back");
    fs::write(&file, kept).unwrap();
    school.first.kill().await;
    let output = school.licheng(&["doctor", "--json"]).await;
    assert!(output.status.success(), "{}", said(&output));
}

async fn a_newer_schema_fails(backend: Backend) {
    let mut school = School::open(backend).await;
    school.first.kill().await;
    let copied = school.copy("newer");
    copied
        .as_superuser(match backend {
            Backend::Embedded => "insert into settings values ('any', 'row'); pragma user_version = 99",
            Backend::District => "update schema_version set version = 99",
        })
        .await;
    let output = copied.licheng(&["doctor", "--json"]).await;
    fails(&output, "store", "schema 99", "needs a newer licheng");
    let copied = school.copy("older");
    copied
        .as_superuser(match backend {
            Backend::Embedded => "insert into settings values ('any', 'row'); pragma user_version = 0",
            Backend::District => "update schema_version set version = 0",
        })
        .await;
    let output = copied.licheng(&["doctor", "--json"]).await;
    fails(&output, "store", "schema 0", "licheng migrate");
}

async fn a_parked_view_fails(backend: Backend) {
    let mut school = School::open(backend).await;
    school.first.kill().await;
    let copied = school.copy("parked");
    let ledger = copied.bytes(school.ledger.as_bytes());
    let ledger = if backend == Backend::District { format!("'{}'::uuid", school.ledger) } else { ledger };
    let since = 1_768_179_600_000_000_i64;
    copied
        .as_superuser(&format!(
            "insert into parked values ('view:student/1', {ledger}, 5, 'event 6: it has no class', {since})"
        ))
        .await;
    let output = copied.licheng(&["doctor", "--json"]).await;
    fails(&output, "view:student/1 in 353301", "after event 5", "every five seconds");
    let found = found(&output, "fail");
    assert!(found[0][1].contains("event 6: it has no class"), "{found:?}");
    assert!(found[0][1].contains("2026-01-12T01:00:00"), "{found:?}");
}

#[tokio::test]
async fn a_server_that_has_stopped_fails() {
    let (mut postgres, mut nats) = (Server::postgres().await, Server::nats().await);
    let servers = [postgres.url(), nats.url()];
    let world = World::start_in(scratch(), Some([&servers[0], &servers[1]])).await;
    let school = School::open_on(world, Terms::default()).await;
    let output = school.licheng(&["doctor", "--json"]).await;
    assert!(output.status.success(), "{}", said(&output));
    nats.stop().await;
    let output = school.licheng(&["doctor", "--json"]).await;
    fails(&output, "bus", "can't be reached", "start nats-server");
    postgres.stop().await;
    let output = school.licheng(&["doctor", "--json"]).await;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let found = found(&output, "fail");
    let store = found.iter().find(|[what, ..]| what == "store").unwrap();
    assert!(store[1].contains("can't be reached") && store[2].contains("start the database"), "{store:?}");
}
