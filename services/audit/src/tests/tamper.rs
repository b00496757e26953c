use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;
use eventstore::leaf_of;
use eventstore::store::Stored;
use tokio::sync::watch;

use super::world::{LEDGER, PATIENCE, World, open};
use crate::book::signer;
use crate::ledger::{self, Standings, Unsigned};
use crate::{Along, Damage, ExportFault, Inspected, inspect};

/// Where a tampering is found: the events, and a word of what is said about them.
type Found = (RangeInclusive<u64>, &'static str);

async fn damages(world: &World) -> Vec<Damage> {
    match world.export("out").await {
        Err(ExportFault::Altered(damages)) => {
            assert!(!world.path("out").exists() && !world.path("out.partial").exists());
            // Whoever only looks finds the same.
            match inspected(world).await {
                Err(ExportFault::Altered(found)) => assert_eq!(found, damages),
                other => panic!("{other:?}"),
            }
            damages
        }
        other => panic!("{other:?}"),
    }
}

/// How many records and checkpoints were handed over.
#[derive(Debug, Default)]
struct Handed(u64, Vec<u64>);

#[async_trait]
impl Along for Handed {
    async fn record(&mut self, event: &Stored) -> Result<(), ExportFault> {
        self.0 += 1;
        assert_eq!(event.position, self.0);
        Ok(())
    }

    async fn checkpoint(&mut self, size: u64, _: &[u8]) -> Result<(), ExportFault> {
        self.1.push(size);
        Ok(())
    }
}

async fn inspected(world: &World) -> Result<(Inspected, Handed), ExportFault> {
    let signer = signer(&world.engine, LEDGER).await?;
    let (store, mut handed) = (&world.engine.store, Handed::default());
    let checkpoints = world.checkpoints();
    let inspected = inspect(store, signer.verifier(), &checkpoints, &mut handed, &mut |_, _| {}).await?;
    Ok((inspected, handed))
}

#[tokio::test]
async fn t3_who_looks_is_handed_everything_and_signs_nothing() {
    let world = World::signed().await;
    world.append(9).await;
    let (Inspected { events, covered, root }, Handed(records, sizes)) = inspected(&world).await.unwrap();
    assert_eq!((events, covered, records, sizes), (9, 8, 9, vec![3, 6, 8]));
    assert_eq!(world.engine.store.newest_signed(LEDGER).await.unwrap().unwrap().0, 8);
    assert_eq!(hex::encode(root), world.export("out").await.unwrap().root);
}

/// One drill: SQL on a fresh ledger of 8 events with checkpoints of 3, 6 and 8.
async fn drill(sql: &str, found: &[Found]) {
    let world = World::signed().await;
    world.as_superuser(sql).await;
    let damages = damages(&world).await;
    assert_eq!(damages.len(), found.len(), "{sql}: {damages:?}");
    for (damage, (events, word)) in damages.iter().zip(found) {
        assert_eq!(damage.events, *events, "{sql}: {damage}");
        assert!(damage.problem.contains(word), "{sql}: {damage}");
    }
    let files = std::fs::read_dir(world.checkpoints().join(LEDGER.to_string())).unwrap();
    assert_eq!(files.count(), 3, "nothing was signed");
}

fn edit(from: &str, to: &str) -> String {
    format!(
        "update events set record = cast(replace(cast(record as text), '{from}', '{to}') as blob)
         where position = 5"
    )
}

fn column(set: &str) -> String {
    format!("update events set {set} where position = 5")
}

#[tokio::test]
async fn t3_an_altered_record_is_named() {
    for (from, to) in [
        ("2026-02-01", "2026-02-02"),
        ("a0d1\",\"duty\"", "a0d2\",\"duty\""),
        ("\"stream\":\"office-principal\"", "\"stream\":\"office-registrar\""),
        ("\"streamversion\":3", "\"streamversion\":4"),
        ("{", " {"),
        ("\"1.0\"", "nothing that JSON knows"),
    ] {
        drill(&edit(from, to), &[(5..=5, "its record was altered")]).await;
    }
}

#[tokio::test]
async fn t3_an_altered_column_is_named() {
    for (set, word) in [
        ("stream = 'office-registrar'", "its stream"),
        ("version = 99", "its version"),
        ("kind = 'licheng.governance.OfficeVacated.v1'", "its kind"),
        ("subject = null", "its subject"),
        ("time = time + 1", "its time"),
        ("leaf = zeroblob(32)", "its leaf was altered"),
    ] {
        drill(&column(set), &[(5..=5, word)]).await;
    }
}

#[tokio::test]
async fn t3_what_is_gone_is_named() {
    let last = "delete from events where position = 8;";
    drill(last, &[(8..=8, "gone")]).await;
    let head = format!("{last} update heads set position = 7; update streams set version = version - 1;");
    drill(&head, &[(8..=8, "the log has 7 events, but a checkpoint covers 8")]).await;
    drill("delete from events where position = 5", &[(5..=5, "hole")]).await;
    drill("delete from events; update heads set position = 0;", &[(1..=8, "gone")]).await;
}

#[tokio::test]
async fn t3_an_altered_checkpoint_is_named() {
    let sql = "update signed_checkpoints set note = replace(note, 'licheng/8f', 'licheng/8e') where size = 6";
    drill(sql, &[(6..=6, "the checkpoint of 6 kept in the database was altered: line 1")]).await;
    let sql = "update signed_checkpoints set size = 7 where size = 6";
    drill(sql, &[(7..=7, "line 2 is another size")]).await;
    let world = World::signed().await;
    let file = world.checkpoints().join(LEDGER.to_string()).join("8");
    let mut note = std::fs::read(&file).unwrap();
    *note.last_mut().unwrap() = b'!';
    std::fs::write(file, note).unwrap();
    let damages = damages(&world).await;
    assert_eq!(damages[0].events, 8..=8);
    assert!(damages[0].problem.contains("kept outside the database was altered: line 5"), "{damages:?}");
}

/// Record and leaf of the fifth event, together.
async fn alter_both(world: &World) {
    let stored = world.engine.store.read(LEDGER, 4, 1).await.unwrap().remove(0);
    let record = String::from_utf8(stored.record).unwrap().replace("2026-02-01", "2026-03-01");
    let leaf = hex::encode(leaf_of(record.as_bytes()));
    let record = hex::encode(record);
    let sql = format!("update events set record = x'{record}', leaf = x'{leaf}' where position = 5");
    world.as_superuser(&sql).await;
}

#[tokio::test]
async fn t3_record_and_leaf_altered_together_are_narrowed_to_two_checkpoints() {
    let world = World::signed().await;
    alter_both(&world).await;
    let damages = damages(&world).await;
    assert_eq!(damages.len(), 1, "{damages:?}");
    assert_eq!(damages[0].events, 4..=6);
    assert!(damages[0].problem.contains("checkpoints of 3 and 6"), "{damages:?}");
}

#[tokio::test]
async fn t3_nothing_is_signed_by_a_process_that_starts_on_an_altered_ledger() {
    for (sql, word) in [
        (Some(edit("2026-02-01", "2026-02-02")), "event 5 was altered"),
        (
            Some("delete from events where position = 8; update heads set position = 7".to_owned()),
            "after 7 are gone",
        ),
        (None, "events 4 to 6"),
    ] {
        let world = World::signed().await;
        match &sql {
            Some(sql) => world.as_superuser(sql).await,
            None => alter_both(&world).await,
        }
        let engine = open(&world.path("events.db")).await;
        let (stop, stopping) = watch::channel(false);
        let standings = Arc::new(Standings::default());
        let run = ledger::run(engine, world.checkpoints(), Arc::clone(&standings), stopping);
        let (signed, ()) = tokio::join!(
            async {
                let signed = standings.signed(LEDGER, 1, PATIENCE).await;
                stop.send_replace(true);
                signed
            },
            run
        );
        match signed {
            Err(Unsigned::Broken(why)) => assert!(why.contains(word), "{why}"),
            other => panic!("{other:?}"),
        }
        let files = std::fs::read_dir(world.checkpoints().join(LEDGER.to_string())).unwrap();
        assert_eq!(files.count(), 3);
    }
}
