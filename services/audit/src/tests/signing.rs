use std::sync::Arc;

use eventstore::Fault;
use tokio::sync::watch;

use super::world::{LEDGER, PATIENCE, World, open, record};
use crate::ExportFault;
use crate::book::{Book, Place, Trouble};
use crate::ledger::{self, Standings, Unsigned};
use crate::outside::Outside;
use crate::tree::Frontier;

#[tokio::test]
async fn t3_a_ledger_is_signed_while_it_grows_and_once_more_at_shutdown() {
    let world = World::new().await;
    world.append(1).await;
    let (stop, stopping) = watch::channel(false);
    let standings = Arc::new(Standings::default());
    let run = ledger::run(Arc::clone(&world.engine), world.checkpoints(), Arc::clone(&standings), stopping);
    let grow = async {
        let (size, note, key) = standings.signed(LEDGER, 1, PATIENCE).await.unwrap();
        assert_eq!(key.parse::<crate::VerifierKey>().unwrap().open(note.as_bytes()).unwrap().size, size);
        for n in 2..=5 {
            world.append(n).await;
        }
        assert_eq!(standings.signed(LEDGER, 5, PATIENCE).await.unwrap().0, 5);
        assert_eq!(standings.signed(LEDGER, 6, std::time::Duration::ZERO).await, Err(Unsigned::NotYet(6)));
        world.append(6).await;
        stop.send_replace(true);
    };
    tokio::join!(run, grow);
    let sizes = Outside::new(&world.checkpoints(), LEDGER).sizes().unwrap();
    assert_eq!(sizes.last(), Some(&6));
    let inside = world.engine.store.signed(LEDGER).await.unwrap();
    assert_eq!(inside.iter().map(|(size, _)| *size).collect::<Vec<_>>(), sizes);
}

#[tokio::test]
async fn t3_two_processes_that_sign_the_same_write_the_same() {
    let world = World::signed().await;
    let other = open(&world.path("events.db")).await;
    let nothing = || (Frontier::default(), Frontier::default());
    let mut one = Book::open(&world.engine, LEDGER, &world.checkpoints(), nothing()).await.unwrap();
    let mut two = Book::open(&other, LEDGER, &world.checkpoints(), nothing()).await.unwrap();
    for book in [&mut one, &mut two] {
        book.compare().await.unwrap();
        book.integrate().await.unwrap();
    }
    world.append(9).await;
    one.integrate().await.unwrap();
    one.sign().await.unwrap();
    // The second has not read so far yet, and signs less.
    two.sign().await.unwrap();
    two.integrate().await.unwrap();
    two.sign().await.unwrap();
    assert_eq!(Outside::new(&world.checkpoints(), LEDGER).sizes().unwrap(), [3, 6, 8, 9]);
    assert_eq!(one.signed(), two.signed());
}

#[tokio::test]
async fn t3_a_copy_that_went_another_way_signs_nothing() {
    let world = World::new().await;
    for n in 1..=2 {
        world.append(n).await;
    }
    world.sign().await;
    let copy = world.path("copy.db");
    world.as_superuser(&format!("vacuum into '{}'", copy.display())).await;
    for n in 3..=4 {
        world.append(n).await;
    }
    world.sign().await;
    let engine = open(&copy).await;
    let nothing = (Frontier::default(), Frontier::default());
    let mut book = Book::open(&engine, LEDGER, &world.checkpoints(), nothing).await.unwrap();
    let shorter = Trouble::Shorter { size: 2, covered: 4, place: Place::Outside };
    assert_eq!(book.compare().await.unwrap_err().to_string(), shorter.to_string());
    for n in 3..=5 {
        let data = serde_json::json!({ "office": "registrar", "person": LEDGER, "from": format!("2026-02-0{n}T00:00:00Z") });
        record(&engine, "office-registrar", "licheng.governance.OfficeSeated.v1", None, data).await;
    }
    assert!(matches!(book.compare().await, Err(Trouble::Differs { after: 2, upto: 4 })));
    assert!(matches!(book.sign().await, Err(Trouble::Differs { .. })));
    let exported =
        crate::export(&engine, LEDGER, &world.checkpoints(), &world.path("out"), &mut |_, _| {}).await;
    match exported {
        Err(ExportFault::Altered(damages)) => assert_eq!(damages[0].events, 3..=4, "{damages:?}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(Outside::new(&world.checkpoints(), LEDGER).sizes().unwrap(), [2, 4]);
}

#[tokio::test]
async fn t3_checkpoints_that_cannot_be_kept_outside_are_not_kept_inside() {
    let world = World::new().await;
    world.append(1).await;
    std::fs::write(world.checkpoints(), "a file where the folder should be").unwrap();
    let nothing = (Frontier::default(), Frontier::default());
    let mut book = Book::open(&world.engine, LEDGER, &world.checkpoints(), nothing).await.unwrap();
    book.integrate().await.unwrap();
    let trouble = book.sign().await.unwrap_err();
    assert!(matches!(trouble, Trouble::Outside(_)) && trouble.passes(), "{trouble}");
    assert_eq!(world.engine.store.newest_signed(LEDGER).await.unwrap(), None);
}

#[tokio::test]
async fn an_export_goes_nowhere_where_something_is() {
    let world = World::signed().await;
    std::fs::create_dir(world.path("out")).unwrap();
    world.export("out").await.unwrap();
    assert!(matches!(world.export("out").await, Err(ExportFault::Occupied(_))));
    assert!(matches!(world.export("events.db").await, Err(ExportFault::Occupied(_))));
    let unknown = kernel::LedgerId::new(uuid::Uuid::nil());
    let out = world.path("unknown");
    let exported = crate::export(&world.engine, unknown, &world.checkpoints(), &out, &mut |_, _| {}).await;
    assert!(matches!(exported, Err(ExportFault::Store(Fault::Broken(_)))), "{exported:?}");
    assert!(!out.exists());
}
