use std::sync::Arc;

use eventstore::store::sqlite::SqliteStore;
use kernel::PersonId;
use proptest::prelude::*;
use uuid::Uuid;
use vault::{KeyEncryptionKey, KeyStore, Vault};

use super::*;
use crate::files::{Place, Writer};
use crate::package::{END, FORMAT, head, padding};

fn work(n: u128) -> WorkId {
    WorkId::new(Uuid::from_u128(n))
}

fn sent(n: u128) -> Item {
    Item {
        item: work(n),
        student: PersonId::new(Uuid::from_u128(1_000 + n)),
        path: format!("files/{n}"),
        size: 1,
        media_type: "image/png".into(),
        sha256: format!("{n:064x}"),
        md5: String::new(),
        commitment: String::new(),
        salt: String::new(),
    }
}

fn there(n: u128) -> ReceivedItem {
    ReceivedItem { work: Some(work(n)), sha256: format!("{n:064x}") }
}

/// What the other side does with an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    Keeps,
    Drops,
    Alters,
    Doubles,
}

fn done() -> impl Strategy<Value = Done> {
    prop_oneof![4 => Just(Done::Keeps), 1 => Just(Done::Drops), 1 => Just(Done::Alters), 1 => Just(Done::Doubles)]
}

proptest! {
    #[test]
    fn s_4_exactly_what_was_dropped_altered_or_doubled_is_named(
        all in prop::collection::vec(done(), 0..40),
        unknown in 0_u32..3,
    ) {
        let items: Vec<_> = (0..all.len() as u128).map(sent).collect();
        let mut received = Vec::new();
        for (n, done) in (0..).zip(&all) {
            match done {
                Done::Keeps => received.push(there(n)),
                Done::Drops => {}
                Done::Alters => received.push(ReceivedItem { sha256: "0".repeat(64) + "f", ..there(n) }),
                Done::Doubles => received.extend([there(n), there(n)]),
            }
        }
        received.extend((0..unknown).map(|n| there(10_000 + u128::from(n))));
        received.reverse();
        let (judged, counts) = reconcile(&items, &received);
        let expected = |done: &Done| match done {
            Done::Keeps => ItemVerdict::Received,
            Done::Drops => ItemVerdict::Missing,
            Done::Alters => ItemVerdict::Altered,
            Done::Doubles => ItemVerdict::Doubled,
        };
        let verdicts: Vec<_> = judged.iter().map(|(_, verdict)| *verdict).collect();
        prop_assert_eq!(verdicts, all.iter().map(expected).collect::<Vec<_>>());
        let count = |done: Done| all.iter().filter(|it| **it == done).count() as u32;
        let Counts { received, missing, altered, doubled, unknown: others } = counts;
        prop_assert_eq!(
            [received, missing, altered, doubled, others],
            [count(Done::Keeps), count(Done::Drops), count(Done::Alters), count(Done::Doubles), unknown]
        );
    }
}

#[test]
fn s_4_what_is_there_twice_and_once_with_other_bytes_is_altered() {
    let other = ReceivedItem { sha256: "f".repeat(64), ..there(1) };
    let (judged, _) = reconcile(&[sent(1)], &[there(1), other]);
    assert_eq!(judged.first().map(|(_, verdict)| *verdict), Some(ItemVerdict::Altered));
    // What names no work of ours is counted, whatever it holds.
    let nameless = ReceivedItem { work: None, sha256: String::new() };
    let (_, counts) = reconcile(&[sent(1)], &[there(1), nameless, there(2)]);
    assert_eq!((counts.received, counts.unknown), (1, 2));
}

#[tokio::test]
async fn s_3_a_packages_manifest_is_read_as_long_as_its_key_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(&folder.path().join("store")).await.unwrap());
    let keys: Arc<dyn KeyStore> = Arc::clone(&store) as _;
    let vault = Vault::new(Arc::clone(&keys), KeyEncryptionKey::generate());
    let blobs = BlobStore::folder(&folder.path().join("files"), vault.clone()).unwrap();
    let (ledger, package) = (LedgerId::new(Uuid::from_u128(1)), FileId::new(Uuid::from_u128(2)));
    // Longer than a segment, as a large school's is.
    let manifest = Manifest {
        format: FORMAT.into(),
        package,
        school: "353301".into(),
        year: SchoolYear::try_new(114).unwrap(),
        round: 1,
        items: (0..5_000).map(sent).collect(),
    };
    let text = serde_json::to_vec_pretty(&manifest).unwrap();
    assert!(text.len() > blobstore::SEGMENT_BYTES);
    let place = Place { blobs: blobs.clone(), ledger, owner: Owner::package(package), file: package };
    let mut writer = Writer::new(place);
    let size = text.len() as u64;
    for part in [&head("manifest.json", size).unwrap()[..], &text, &padding(size), &END] {
        writer.write(part).await.unwrap();
    }
    let written = writer.end().await.unwrap();
    assert_eq!(written.size % 512, 0);
    assert_eq!(super::manifest(&blobs, ledger, package).await.unwrap(), Some(manifest));
    keys.destroy_key(ledger, &Owner::package(package).to_string()).await.unwrap();
    vault.forget();
    assert_eq!(super::manifest(&blobs, ledger, package).await.unwrap(), None);
}
