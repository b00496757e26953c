use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use events::Record;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::world::World;
use crate::tree::Frontier;
use crate::{Finding, VerifyFault, verify};

/// Bits flipped, one after another.
const FLIPS: usize = 400;

fn findings(dir: &Path, key: Option<&str>) -> Vec<Finding> {
    match verify(dir, key) {
        Err(VerifyFault::Altered(findings)) => findings,
        other => panic!("{other:?}"),
    }
}

/// Every file of an export, by its path within.
fn files(dir: &Path) -> Vec<String> {
    let names =
        |dir: PathBuf| fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let plain = names(dir.to_owned()).filter(|name| name != "checkpoints");
    let mut files: Vec<_> =
        plain.chain(names(dir.join("checkpoints")).map(|name| format!("checkpoints/{name}"))).collect();
    files.sort();
    files
}

fn python(dir: &Path, key: Option<&Path>) -> (bool, String) {
    let mut command = Command::new("python3");
    command.arg(dir.join("verify.py")).args(key.map(|_| "--key")).args(key);
    let output = command.output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(!text.contains("Traceback"), "{text}");
    (output.status.success(), text)
}

#[tokio::test]
async fn t3_an_untouched_export_holds_with_the_key_and_without() {
    let world = World::signed().await;
    world.append(9).await;
    let summary = world.export("out").await.unwrap();
    let (dir, key) = (world.path("out"), world.key().await);
    assert_eq!((summary.events, summary.checkpoints, &summary.verifier_key), (9, 4, &key));
    for given in [None, Some(key.as_str()), Some(&format!("{key}\n"))] {
        let verified = verify(&dir, given).unwrap();
        assert_eq!((verified.events, verified.checkpoints, &verified.root), (9, 4, &summary.root));
        assert_eq!(verified.trusted_key_inside, given.is_none());
    }
    assert!(matches!(verify(&dir, Some("no key")), Err(VerifyFault::Key(_))));
    let (holds, text) = python(&dir, None);
    assert!(holds && text.contains("the key inside the export was trusted"), "{text}");
    let file = world.path("key");
    fs::write(&file, &key).unwrap();
    let (holds, text) = python(&dir, Some(&file));
    assert!(holds && text.contains(&summary.root) && !text.contains("trusted"), "{text}");
    // A second export of the same ledger is the same, byte by byte.
    world.export("again").await.unwrap();
    for name in files(&dir) {
        assert_eq!(fs::read(dir.join(&name)).unwrap(), fs::read(world.path("again").join(&name)).unwrap());
    }
}

/// Flips a bit of a file, and expects its line to be named.
fn flip(dir: &Path, key: &str, name: &str, byte: usize, bit: u32, seed: u64) {
    let file = dir.join(name);
    let whole = fs::read(&file).unwrap();
    let mut changed = whole.clone();
    changed[byte] ^= 1 << bit;
    fs::write(&file, changed).unwrap();
    let line = 1 + whole[..byte].iter().filter(|byte| **byte == b'\n').count() as u64;
    let findings = findings(dir, Some(key));
    let named = findings.iter().any(|finding| finding.file == name && finding.line == Some(line));
    assert!(named, "seed {seed}: {name}:{line}, byte {byte}, bit {bit}: {findings:?}");
    fs::write(&file, whole).unwrap();
}

#[tokio::test]
async fn t3_one_bit_changed_anywhere_is_named_by_file_and_line() {
    let world = World::signed().await;
    world.export("out").await.unwrap();
    let (dir, key) = (world.path("out"), world.key().await);
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let files = files(&dir);
    for n in 0..FLIPS {
        let name = &files[n % files.len()];
        let bytes = fs::read(dir.join(name)).unwrap().len();
        flip(&dir, &key, name, random.random_range(0..bytes), random.random_range(0..8), seed);
    }
    // Wherever one bit takes a line feed away, or makes one.
    for name in files.iter().filter(|name| !["README.txt", "verify.py"].contains(&name.as_str())) {
        for (byte, value) in fs::read(dir.join(name)).unwrap().into_iter().enumerate() {
            match value ^ b'\n' {
                0 => flip(&dir, &key, name, byte, random.random_range(0..8), seed),
                bits if bits.is_power_of_two() => flip(&dir, &key, name, byte, bits.trailing_zeros(), seed),
                _ => {}
            }
        }
    }
    verify(&dir, Some(&key)).unwrap();
}

#[tokio::test]
async fn t3_the_verifier_in_python_finds_changed_bits_too() {
    let world = World::signed().await;
    world.export("out").await.unwrap();
    let (dir, file) = (world.path("out"), world.path("key"));
    fs::write(&file, world.key().await).unwrap();
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let files: Vec<_> = files(&dir)
        .into_iter()
        .filter(|name| !["README.txt", "verify.py"].contains(&name.as_str()))
        .collect();
    for n in 0..24 {
        let name = &files[n % files.len()];
        let whole = fs::read(dir.join(name)).unwrap();
        let (byte, bit) = (random.random_range(0..whole.len()), random.random_range(0..8));
        let mut changed = whole.clone();
        changed[byte] ^= 1 << bit;
        fs::write(dir.join(name), changed).unwrap();
        let (holds, text) = python(&dir, Some(&file));
        assert!(!holds, "seed {seed}: {name}, byte {byte}, bit {bit}: {text}");
        fs::write(dir.join(name), whole).unwrap();
    }
    assert!(python(&dir, Some(&file)).0);
}

/// The lines of a file, changed.
fn rewrite(file: &Path, change: impl FnOnce(&mut Vec<String>)) {
    let mut lines: Vec<_> = fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect();
    change(&mut lines);
    fs::write(file, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
}

#[tokio::test]
async fn t3_what_is_added_missing_or_exchanged_is_named() {
    let world = World::signed().await;
    let key = world.key().await;
    let said = |dir: &Path, expected: &[&str]| {
        let said: Vec<_> = findings(dir, Some(&key)).iter().map(ToString::to_string).collect();
        assert!(
            expected.iter().all(|text| said.iter().any(|said| said.contains(text))),
            "{expected:?}: {said:?}"
        );
        assert!(!python(dir, None).0 || expected.iter().any(|text| text.contains("doesn't belong")));
    };
    let export = |name: &'static str| {
        let world = &world;
        async move {
            world.export(name).await.unwrap();
            world.path(name)
        }
    };

    let dir = export("added").await;
    fs::write(dir.join("notes.txt"), "").unwrap();
    fs::create_dir(dir.join("more")).unwrap();
    said(&dir, &["notes.txt: doesn't belong", "more: doesn't belong"]);

    let dir = export("both").await;
    rewrite(&dir.join("records.ndjson"), |lines| lines[4] = lines[4].replace("2026-02-01", "2026-03-01"));
    let line = fs::read_to_string(dir.join("records.ndjson")).unwrap().lines().nth(4).unwrap().to_owned();
    rewrite(&dir.join("leaves.txt"), |lines| lines[4] = hex::encode(eventstore::leaf_of(line.as_bytes())));
    said(&dir, &["records.ndjson:4: one of the lines 4 to 6, between the checkpoints of 3 and 6"]);

    let dir = export("short").await;
    rewrite(&dir.join("records.ndjson"), |lines| drop(lines.pop()));
    said(&dir, &["leaves.txt:8: is the leaf of no record", "records.ndjson:8: is missing"]);
    rewrite(&dir.join("leaves.txt"), |lines| drop(lines.pop()));
    said(&dir, &["records.ndjson:8: is missing: there are 7 records, but a checkpoint covers 8"]);

    let dir = export("long").await;
    fs::remove_file(dir.join("checkpoints/8")).unwrap();
    said(&dir, &["records.ndjson:7: is covered by no checkpoint: the last covers 6"]);

    let dir = export("renamed").await;
    fs::rename(dir.join("checkpoints/6"), dir.join("checkpoints/5")).unwrap();
    said(&dir, &["checkpoints/5:2: is the checkpoint of 6, not of 5"]);

    let dir = export("missing").await;
    fs::remove_file(dir.join("leaves.txt")).unwrap();
    fs::remove_file(dir.join("README.txt")).unwrap();
    said(&dir, &["leaves.txt: is missing", "README.txt: is missing"]);
}

#[tokio::test]
async fn t3_an_export_made_with_another_key_holds_only_for_who_trusts_it() {
    let world = World::signed().await;
    world.export("out").await.unwrap();
    let key = world.key().await;
    let dir = world.path("out");
    // The same shape, another ledger key: that of the RFC 8032 test vector.
    let other = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
    let forged = crate::note::tests::signer_of(super::world::LEDGER, other);
    let mut tree = Frontier::default();
    for line in fs::read_to_string(dir.join("records.ndjson")).unwrap().lines() {
        Record::parse(line.as_bytes()).unwrap();
        tree.push(eventstore::leaf_of(line.as_bytes()));
        let note = dir.join("checkpoints").join(tree.size().to_string());
        if note.exists() {
            let checkpoint = crate::Checkpoint { size: tree.size(), root: tree.root() };
            fs::write(note, forged.sign(&checkpoint)).unwrap();
        }
    }
    fs::write(dir.join("key.txt"), format!("{}\n", forged.verifier())).unwrap();
    assert!(verify(&dir, None).unwrap().trusted_key_inside);
    let said: Vec<_> = findings(&dir, Some(&key)).iter().map(ToString::to_string).collect();
    assert_eq!(said[0], "key.txt:1: is not the key that was given");
    assert!(said[1].starts_with("checkpoints/3:5: "), "{said:?}");
}
