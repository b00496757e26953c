use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use kernel::{PersonId, WorkId};
use tempfile::TempDir;
use uuid::Uuid;
use vault::{KeyEncryptionKey, KeyFault, KeyRow, KeyStore};

use super::*;

/// Keys in memory, for as long as a test runs.
#[derive(Default)]
struct Keys(Mutex<HashMap<(LedgerId, String), KeyRow>>);

#[async_trait]
impl KeyStore for Keys {
    async fn key(&self, ledger: LedgerId, kid: &str) -> Result<Option<KeyRow>, KeyFault> {
        Ok(self.0.lock().unwrap().get(&(ledger, kid.to_owned())).cloned())
    }

    async fn keep_key(&self, ledger: LedgerId, kid: &str, row: KeyRow) -> Result<KeyRow, KeyFault> {
        Ok(self.0.lock().unwrap().entry((ledger, kid.to_owned())).or_insert(row).clone())
    }

    async fn destroy_key(&self, ledger: LedgerId, kid: &str) -> Result<(), KeyFault> {
        self.0.lock().unwrap().insert((ledger, kid.to_owned()), KeyRow::Destroyed);
        Ok(())
    }

    async fn destroy_keys_of(&self, ledger: LedgerId, person: PersonId) -> Result<Vec<String>, KeyFault> {
        let mut keys = self.0.lock().unwrap();
        let own = |(of, kid): &(LedgerId, String)| *of == ledger && kid.starts_with(&format!("{person}/"));
        let mut destroyed = Vec::new();
        for ((_, kid), row) in keys.iter_mut().filter(|(name, _)| own(name)) {
            *row = KeyRow::Destroyed;
            destroyed.push(kid.clone());
        }
        Ok(destroyed)
    }
}

struct World {
    folder: TempDir,
    keys: Arc<Keys>,
    vault: Vault,
    blobs: BlobStore,
}

fn world() -> World {
    let (folder, keys) = (tempfile::tempdir().unwrap(), Arc::new(Keys::default()));
    let vault = Vault::new(Arc::clone(&keys) as Arc<dyn KeyStore>, KeyEncryptionKey::generate());
    let blobs = BlobStore::folder(&folder.path().join("files"), vault.clone()).unwrap();
    World { folder, keys, vault, blobs }
}

fn ledger(n: u128) -> LedgerId {
    LedgerId::new(Uuid::from_u128(n))
}

fn file(n: u128) -> FileId {
    FileId::new(Uuid::from_u128(n))
}

fn owner(n: u128) -> Owner {
    Owner::work(PersonId::new(Uuid::from_u128(n)), WorkId::new(Uuid::from_u128(n)))
}

fn path(world: &World, ledger: LedgerId, file: FileId, n: u32) -> PathBuf {
    world.folder.path().join(format!("files/{ledger}/files/{file}/{n}"))
}

#[tokio::test]
async fn a_segment_is_read_back_and_is_not_kept_in_clear() {
    let world = world();
    let bytes = b"the same words again and again".repeat(1_000);
    world.blobs.put(ledger(1), owner(1), file(1), 0, &bytes).await.unwrap();
    world.blobs.put(ledger(1), owner(1), file(1), 11, b"last").await.unwrap();
    world.blobs.put(ledger(1), owner(1), file(1), 2, b"").await.unwrap();
    assert_eq!(world.blobs.present(ledger(1), file(1)).await.unwrap(), [0, 2, 11]);
    assert_eq!(world.blobs.get(ledger(1), owner(1), file(1), 0).await.unwrap().unwrap(), bytes);
    assert_eq!(world.blobs.get(ledger(1), owner(1), file(1), 1).await.unwrap(), None);
    let kept = std::fs::read(path(&world, ledger(1), file(1), 0)).unwrap();
    assert!(!kept.windows(5).any(|window| window == b"words"));
    assert_eq!(world.blobs.sealed(ledger(1), file(1), 0).await.unwrap().unwrap(), kept);
    assert_eq!(world.blobs.open(ledger(1), owner(1), file(1), 0, &kept).await.unwrap(), bytes);
}

#[tokio::test]
async fn the_same_bytes_again_are_fine_and_others_are_not() {
    let world = world();
    world.blobs.put(ledger(1), owner(1), file(1), 0, b"one").await.unwrap();
    let kept = std::fs::read(path(&world, ledger(1), file(1), 0)).unwrap();
    world.blobs.put(ledger(1), owner(1), file(1), 0, b"one").await.unwrap();
    let other = world.blobs.put(ledger(1), owner(1), file(1), 0, b"two").await;
    assert!(matches!(other, Err(BlobFault::Differs(0))), "{other:?}");
    assert_eq!(std::fs::read(path(&world, ledger(1), file(1), 0)).unwrap(), kept);
}

#[tokio::test]
async fn of_many_at_once_one_is_kept_and_the_others_are_told() {
    let world = world();
    let puts = (0..8_u8).map(|n| {
        let blobs = world.blobs.clone();
        async move { blobs.put(ledger(1), owner(1), file(1), 0, &[n / 4; 1_000]).await }
    });
    let said = futures::future::join_all(puts).await;
    let kept = world.blobs.get(ledger(1), owner(1), file(1), 0).await.unwrap().unwrap();
    for (n, said) in said.iter().enumerate() {
        assert_eq!(said.is_ok(), kept[0] == u8::try_from(n / 4).unwrap(), "{n}: {said:?}");
    }
    // Nothing else is left in its folder.
    let folder = path(&world, ledger(1), file(1), 0);
    assert_eq!(std::fs::read_dir(folder.parent().unwrap()).unwrap().count(), 1);
}

#[tokio::test]
async fn an_altered_or_moved_segment_is_an_error() {
    let world = world();
    for n in 0..2 {
        world.blobs.put(ledger(1), owner(1), file(1), n, &[7; 100]).await.unwrap();
    }
    let first = path(&world, ledger(1), file(1), 0);
    let kept = std::fs::read(&first).unwrap();
    for at in 0..kept.len() {
        let mut altered = kept.clone();
        altered[at] ^= 1;
        std::fs::write(&first, altered).unwrap();
        let read = world.blobs.get(ledger(1), owner(1), file(1), 0).await;
        assert!(matches!(read, Err(BlobFault::Altered(0))), "{read:?}");
    }
    std::fs::write(&first, &kept[..kept.len() - 1]).unwrap();
    assert!(matches!(world.blobs.get(ledger(1), owner(1), file(1), 0).await, Err(BlobFault::Altered(0))));
    std::fs::copy(path(&world, ledger(1), file(1), 1), &first).unwrap();
    assert!(matches!(world.blobs.get(ledger(1), owner(1), file(1), 0).await, Err(BlobFault::Altered(0))));
}

#[tokio::test]
async fn another_ledgers_file_does_not_open() {
    let world = world();
    world.blobs.put(ledger(1), owner(1), file(1), 0, b"of one school").await.unwrap();
    assert_eq!(world.blobs.get(ledger(2), owner(1), file(1), 0).await.unwrap(), None);
    world.blobs.put(ledger(2), owner(1), file(2), 0, b"of another").await.unwrap();
    let stolen = path(&world, ledger(2), file(1), 0);
    std::fs::create_dir_all(stolen.parent().unwrap()).unwrap();
    std::fs::copy(path(&world, ledger(1), file(1), 0), stolen).unwrap();
    let read = world.blobs.get(ledger(2), owner(1), file(1), 0).await;
    assert!(matches!(read, Err(BlobFault::Altered(0))), "{read:?}");
}

#[tokio::test]
async fn what_was_put_is_there_after_a_restart_and_what_was_staged_is_not() {
    let world = world();
    world.blobs.put(ledger(1), owner(1), file(1), 0, b"kept").await.unwrap();
    // What a process leaves that is killed while it writes.
    let staged = path(&world, ledger(1), file(1), 1).with_file_name("1#1");
    std::fs::write(staged, b"half").unwrap();
    let again = BlobStore::folder(&world.folder.path().join("files"), world.vault.clone()).unwrap();
    assert_eq!(again.get(ledger(1), owner(1), file(1), 0).await.unwrap().unwrap(), "kept");
    assert_eq!(again.present(ledger(1), file(1)).await.unwrap(), [0]);
    again.put(ledger(1), owner(1), file(1), 1, b"whole").await.unwrap();
    assert_eq!(again.present(ledger(1), file(1)).await.unwrap(), [0, 1]);
}

#[tokio::test]
async fn a_destroyed_key_is_not_an_altered_segment() {
    let world = world();
    world.blobs.put(ledger(1), owner(1), file(1), 0, b"to be forgotten").await.unwrap();
    world.keys.destroy_key(ledger(1), &owner(1).to_string()).await.unwrap();
    world.vault.forget();
    let read = world.blobs.get(ledger(1), owner(1), file(1), 0).await;
    assert!(matches!(read, Err(BlobFault::Erased)), "{read:?}");
    let written = world.blobs.put(ledger(1), owner(1), file(1), 1, b"more").await;
    assert!(matches!(written, Err(BlobFault::Erased)), "{written:?}");
    assert!(world.blobs.sealed(ledger(1), file(1), 0).await.unwrap().is_some());
}

#[tokio::test]
async fn a_deleted_file_is_gone_and_may_be_deleted_again() {
    let world = world();
    for n in 0..3 {
        world.blobs.put(ledger(1), owner(1), file(1), n, &[1; 10]).await.unwrap();
    }
    world.blobs.put(ledger(1), owner(2), file(2), 0, b"another's").await.unwrap();
    for _ in 0..2 {
        world.blobs.delete(ledger(1), file(1)).await.unwrap();
        assert!(world.blobs.present(ledger(1), file(1)).await.unwrap().is_empty());
    }
    assert_eq!(world.blobs.present(ledger(1), file(2)).await.unwrap(), [0]);
}

#[tokio::test]
async fn a_segment_that_is_too_long_or_can_not_be_written_leaves_nothing() {
    let world = world();
    let long = world.blobs.put(ledger(1), owner(1), file(1), 0, &vec![0; SEGMENT_BYTES + 1]).await;
    assert!(matches!(long, Err(BlobFault::TooLong(_))), "{long:?}");
    assert!(world.blobs.present(ledger(1), file(1)).await.unwrap().is_empty());
    // A file stands where the ledger's folder would be.
    std::fs::write(world.folder.path().join(format!("files/{}", ledger(3))), b"").unwrap();
    let blocked = world.blobs.put(ledger(3), owner(1), file(1), 0, b"x").await;
    assert!(matches!(blocked, Err(BlobFault::Unavailable(_))), "{blocked:?}");
}
