//! T3 from outside: what a superuser changes, and what becomes of an export, is named; by the executable alone.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Output;

use proto::audit::v1::GetCheckpointRequest;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::world::{Backend, Copied, Entry, School, ok, said, seat};

both!(
    t3_what_a_superuser_altered_is_named,
    t3_what_was_altered_in_an_export_is_named,
    t3_one_bit_changed_anywhere_in_an_export_is_named,
);

/// Bits flipped, one after another.
const FLIPS: usize = 60;
/// Another person than any there is.
const NOBODY: &str = "00000000-0000-4000-8000-000000000001";

/// A school at rest, whose every event is covered by a checkpoint.
struct Signed {
    school: School,
    /// What is altered: a seat.
    event: u64,
    /// The sizes of the checkpoints before it, and from it on.
    between: (u64, u64),
    /// The last event.
    last: u64,
}

/// One alteration of an event: what of it, its record, and its leaf.
struct Alteration {
    what: &'static str,
    record: String,
    leaf: Vec<u8>,
}

/// Waits for a checkpoint that covers everything; its size.
async fn covered(school: &School) -> u64 {
    let request = GetCheckpointRequest { at_least_position: school.position().await };
    ok(school.caller(school.auditor).audit().get_checkpoint(request).await).size
}

impl Signed {
    async fn new(backend: Backend) -> Self {
        let mut school = School::open(backend).await;
        covered(&school).await;
        let principal = school.caller(school.principal);
        for person in school.teachers {
            seat(&principal, "auditor", person).await;
            seat(&principal, "registrar", person).await;
        }
        covered(&school).await;
        school.outcome(0, 0).await;
        let last = covered(&school).await;
        let entries = school.records().await;
        school.first.kill().await;
        let folder = school.folder().join("data/checkpoints").join(school.ledger.to_string());
        let sizes = names(&folder).iter().map(|name| name.parse().unwrap()).collect();
        let (event, between) = target(&entries, &sizes);
        println!("event {event} of {last} is altered, between the checkpoints of {between:?} of {sizes:?}");
        Self { school, event, between, last }
    }

    /// As an export tells the alteration of one record together with its leaf.
    fn interval(&self) -> String {
        let (after, upto) = self.between;
        let events = if after + 1 == upto {
            format!("event {upto}")
        } else {
            format!("events {} to {upto}", after + 1)
        };
        format!(
            "{events}: between the checkpoints of {after} and {upto} a record was altered together with its leaf: the \
             root differs"
        )
    }
}

/// The seat with the widest interval between the two checkpoints about it, and these.
fn target(entries: &[Entry], sizes: &BTreeSet<u64>) -> (u64, (u64, u64)) {
    let seats = entries.iter().filter(|entry| entry.kind() == "licheng.governance.OfficeSeated.v1");
    let placed = seats.map(|entry| {
        let before = sizes.range(..entry.position).next_back().copied().unwrap_or(0);
        (entry.position, (before, *sizes.range(entry.position..).next().unwrap()))
    });
    // The first interval reaches back to the ledger's beginning, and has no checkpoint before it.
    placed.filter(|(_, (before, _))| *before > 0).max_by_key(|(_, (before, upto))| upto - before).unwrap()
}

/// A record with one thing changed in it, each in turn; its leaf stays.
fn alterations(record: &str, leaf: &[u8]) -> Vec<Alteration> {
    let read: Value = serde_json::from_str(record).unwrap();
    let field = |name: &str, to: &str| {
        let from = format!(r#""{name}":{}"#, read[name]);
        assert_eq!(record.matches(&from).count(), 1, "{record}");
        record.replace(&from, &format!(r#""{name}":{to}"#))
    };
    let person = format!(r#""person":{}"#, read["data"]["person"]);
    let altered = [
        ("body", record.replace(&person, &format!(r#""person":"{NOBODY}""#))),
        ("actor", field("actor", &format!(r#""{NOBODY}""#))),
        ("stream", field("stream", r#""office-nobody""#)),
        ("version", field("streamversion", "999")),
    ];
    let altered = altered.map(|(what, altered)| {
        assert_ne!(altered, record);
        Alteration { what, record: altered, leaf: leaf.to_owned() }
    });
    let leaf = Sha256::digest(b"another").to_vec();
    altered.into_iter().chain([Alteration { what: "leaf", record: record.to_owned(), leaf }]).collect()
}

/// Another body, with the leaf that is its own.
fn both_altered(record: &str, leaf: &[u8]) -> Alteration {
    let body = alterations(record, leaf).remove(0);
    let leaf = Sha256::new().chain_update([0]).chain_update(&body.record).finalize().to_vec();
    Alteration { what: "body and leaf", leaf, ..body }
}

/// Names in a folder, in order.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Whether the executable ended as it does when something is wrong, and not by a panic.
fn refused(output: &Output, what: &str) {
    assert_eq!(output.status.code(), Some(1), "{what}: {}", said(output));
}

/// An export of the copy is refused with these words and no other; nothing is written, nothing signed.
async fn names_it(signed: &Signed, copied: &Copied, what: &str, words: &str) {
    let out = signed.school.folder().join("refused");
    let checkpoints = copied.checkpoints().join(signed.school.ledger.to_string());
    let before = names(&checkpoints);
    let exported = copied.export(&out).await;
    refused(&exported, what);
    let told = stderr(&exported);
    assert_eq!(
        told.lines().last(),
        Some(format!("licheng: the ledger was altered: {words}").as_str()),
        "{what}: {told}"
    );
    assert_eq!(names(&checkpoints), before, "{what}: something was signed");
    assert!(!out.exists() && !out.with_extension("partial").exists(), "{what}: something was written");
    refused(&signed.school.verified(&out).await, what);
}

async fn t3_what_a_superuser_altered_is_named(backend: Backend) {
    let signed = Signed::new(backend).await;
    let Signed { event, last, .. } = signed;
    let kept = signed.school.copy("read").event(event).await;

    for Alteration { what, record, leaf } in alterations(&kept.record, &kept.leaf) {
        let copied = signed.school.copy(&format!("altered {what}"));
        put(&copied, event, &record, &leaf).await;
        let (altered, other) = if what == "leaf" { ("leaf", "record") } else { ("record", "leaf") };
        let words = format!("event {event}: its {altered} was altered: its {other} is as it was signed");
        names_it(&signed, &copied, what, &words).await;
    }

    for (column, value) in [("stream", "'office-nobody'"), ("version", "999")] {
        let copied = signed.school.copy(&format!("column {column}"));
        copied.as_superuser(&format!("update events set {column} = {value} where position = {event}")).await;
        let words = format!("event {event}: its {column} in the table is not that of its record");
        names_it(&signed, &copied, column, &words).await;
    }

    let copied = signed.school.copy("together");
    let Alteration { what, record, leaf } = both_altered(&kept.record, &kept.leaf);
    put(&copied, event, &record, &leaf).await;
    names_it(&signed, &copied, what, &signed.interval()).await;

    let gone = format!("event {last}: gone: the log has {} events, but a checkpoint covers {last}", last - 1);
    let streams = format!(
        "update streams set version = version - 1 where stream = (select stream from events where position = {last})"
    );
    let event_itself = format!("delete from events where position = {last}");
    let head = format!("update heads set position = {}", last - 1);
    let checkpoint = format!("delete from signed_checkpoints where size = {last}");
    for (what, sql) in [
        ("the last event", vec![&event_itself]),
        ("with its traces", vec![&streams, &event_itself, &head]),
        ("with its checkpoint in the database", vec![&streams, &event_itself, &head, &checkpoint]),
    ] {
        let copied = signed.school.copy(&format!("gone {what}"));
        copied.as_superuser(&sql.into_iter().map(String::as_str).collect::<Vec<_>>().join("; ")).await;
        names_it(&signed, &copied, what, &gone).await;
    }

    let out = signed.school.folder().join("untouched export");
    let exported = signed.school.copy("untouched").export(&out).await;
    assert!(exported.status.success(), "{}", said(&exported));
    signed.school.verify(&out).await;
}

/// Stores another record and another leaf.
async fn put(copied: &Copied, event: u64, record: &str, leaf: &[u8]) {
    let (record, leaf) = (copied.bytes(record.as_bytes()), copied.bytes(leaf));
    let sql = format!("update events set record = {record}, leaf = {leaf} where position = {event}");
    copied.as_superuser(&sql).await;
}

/// The lines of a file, changed, and what it was before.
fn rewrite(file: &Path, change: impl FnOnce(&mut Vec<String>)) -> Vec<u8> {
    let whole = fs::read(file).unwrap();
    let mut lines: Vec<_> = str::from_utf8(&whole).unwrap().lines().map(str::to_owned).collect();
    change(&mut lines);
    fs::write(file, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    whole
}

async fn t3_what_was_altered_in_an_export_is_named(backend: Backend) {
    let signed = Signed::new(backend).await;
    let Signed { event, between: (after, upto), last, .. } = signed;
    let export = signed.school.export("export").await;
    let (records, leaves) = (export.join("records.ndjson"), export.join("leaves.txt"));
    let at = usize::try_from(event - 1).unwrap();
    let line = |file| fs::read_to_string(file).unwrap().lines().nth(at).unwrap().to_owned();
    let (record, leaf) = (line(&records), hex::decode(line(&leaves)).unwrap());

    let mut cases: Vec<_> = alterations(&record, &leaf)
        .into_iter()
        .map(|alteration| {
            let words = match alteration.what {
                "leaf" => format!("leaves.txt:{event}: was altered: its record is as it was signed"),
                _ => format!("records.ndjson:{event}: was altered: its leaf is as it was signed"),
            };
            (alteration, words)
        })
        .collect();
    let first = after + 1;
    let between = format!(
        "records.ndjson:{first}: one of the lines {first} to {upto}, between the checkpoints of {after} and {upto}, was \
         altered together with its leaf"
    );
    cases.push((both_altered(&record, &leaf), between));
    for (alteration, words) in cases {
        let whole = [
            (&records, rewrite(&records, |lines| lines[at] = alteration.record)),
            (&leaves, rewrite(&leaves, |lines| lines[at] = hex::encode(alteration.leaf))),
        ];
        let verified = signed.school.verified(&export).await;
        refused(&verified, alteration.what);
        assert_eq!(stderr(&verified).lines().next(), Some(words.as_str()), "{}", said(&verified));
        whole.iter().for_each(|(file, whole)| fs::write(file, whole).unwrap());
    }

    let whole = [&records, &leaves].map(|file| (file, rewrite(file, |lines| drop(lines.pop()))));
    let verified = signed.school.verified(&export).await;
    refused(&verified, "the last record");
    let words = format!(
        "records.ndjson:{last}: is missing: there are {} records, but a checkpoint covers {last}",
        last - 1
    );
    assert_eq!(stderr(&verified).lines().next(), Some(words.as_str()), "{}", said(&verified));
    whole.iter().for_each(|(file, whole)| fs::write(file, whole).unwrap());
    signed.school.verify(&export).await;
}

async fn t3_one_bit_changed_anywhere_in_an_export_is_named(backend: Backend) {
    let signed = Signed::new(backend).await;
    let export = signed.school.export("export").await;
    let checkpoints = names(&export.join("checkpoints"));
    let plain = names(&export).into_iter().filter(|name| name != "checkpoints");
    let files: Vec<_> = plain.chain(checkpoints.iter().map(|size| format!("checkpoints/{size}"))).collect();
    for name in ["records.ndjson", "leaves.txt", "key.txt"] {
        assert!(files.iter().any(|file| file == name), "{files:?}");
    }
    assert!(checkpoints.len() > 2 && files.len() < FLIPS, "{files:?}");

    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    for name in files.iter().cycle().take(FLIPS) {
        let whole = fs::read(export.join(name)).unwrap();
        let (byte, bit) = (random.random_range(0..whole.len()), random.random_range(0..8_u32));
        let mut changed = whole.clone();
        changed[byte] ^= 1 << bit;
        fs::write(export.join(name), changed).unwrap();
        let verified = signed.school.verified(&export).await;
        let place = format!("seed {seed}: {name}, byte {byte}, bit {bit}");
        refused(&verified, &place);
        let line = 1 + whole[..byte].iter().filter(|byte| **byte == b'\n').count();
        let named = stderr(&verified).lines().any(|told| told.starts_with(&format!("{name}:{line}: ")));
        assert!(named, "{place}: {}", said(&verified));
        fs::write(export.join(name), whole).unwrap();
    }
    signed.school.verify(&export).await;
}
