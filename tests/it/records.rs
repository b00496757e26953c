//! The import of a roster (R12): what can't be understood changes nothing, what is at fault is named row by row, and
//! what is so already stays so.

use std::io::Write as _;

use futures::future::join_all;
use prost::bytes::Bytes;
use proto::records::v1::RowVerdict;
use tonic::Code;
use tonic_types::StatusExt as _;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::world::{Backend, Bundle, Caller, World, import, import_as, malformed, refused, request_id, seat};

both!(
    r12_a_bundle_that_lacks_files_is_not_begun,
    r12_a_bundle_that_is_not_utf_8_is_not_begun,
    r12_what_is_too_long_is_refused_by_its_row,
    r12_a_second_import_changes_nothing,
    r12_an_import_that_is_repeated_changes_nothing,
    r12_a_zip_is_a_bundle,
    r12_refuses_who_is_not_the_registrar,
);

/// A school whose principal acts as registrar.
async fn school(backend: Backend) -> (World, Caller) {
    let world = World::start(backend).await;
    let registrar = world.caller(world.principal);
    seat(&registrar, "registrar", world.principal).await;
    (world, registrar)
}

async fn r12_a_bundle_that_lacks_files_is_not_begun(backend: Backend) {
    let (world, registrar) = school(backend).await;
    let before = world.position().await;
    let bundle = Bundle::small();
    for (file, _) in &bundle.0 {
        let lacking = bundle.clone().without(file);
        malformed(import(&registrar, &lacking).await, &[file]);
    }
    let lacking = bundle.clone().without("users.csv").without("classes.csv");
    malformed(import(&registrar, &lacking).await, &["users.csv", "classes.csv"]);
    malformed(import(&registrar, &Bundle(Vec::new())).await, &["manifest.csv"]);
    let mut unlisted = bundle;
    unlisted.0.push(("grades.csv".to_owned(), Bytes::from_static(b"sourcedId\n")));
    malformed(import(&registrar, &unlisted).await, &["grades.csv"]);
    assert_eq!(world.position().await, before);
}

async fn r12_a_bundle_that_is_not_utf_8_is_not_begun(backend: Backend) {
    let (world, registrar) = school(backend).await;
    let before = world.position().await;
    // 雅婷 in Big5.
    let big5 = Bundle::small().with("users.csv", "雅婷".as_bytes(), &[0xb6, 0xae, 0xb4, 0x40]);
    let answer = import(&registrar, &big5).await;
    let status = answer.as_ref().unwrap_err();
    let said = status.get_details_bad_request().unwrap().field_violations.remove(0).description;
    assert!(said.contains("line 7") && said.contains("UTF-8"), "{said}");
    malformed(answer, &["users.csv"]);
    assert_eq!(world.position().await, before);
}

async fn r12_what_is_too_long_is_refused_by_its_row(backend: Backend) {
    let (world, registrar) = school(backend).await;
    let long = "文".repeat(101);
    let bundle = Bundle::small().with("users.csv", "文正".as_bytes(), long.as_bytes());
    let imported = import(&registrar, &bundle).await.unwrap();
    let bad = imported.bad();
    let refused: Vec<_> = bad.iter().filter(|row| row.verdict() == RowVerdict::Refused).collect();
    let [row] = refused[..] else { panic!("{refused:?}") };
    assert_eq!((&*row.file, &*row.sourced_id, row.line, &*row.field), ("users.csv", "p3", 8, "familyName"));
    assert!(row.reason.contains("100"), "{row:?}");
    let skipped = bad.iter().filter(|row| row.verdict() == RowVerdict::Skipped);
    let skipped: Vec<_> = skipped
        .map(|row| {
            assert_eq!(row.because_of, "users.csv: p3");
            format!("{}: {}", row.file, row.sourced_id)
        })
        .collect();
    let expected = ["roles.csv: rp3", "enrollments.csv: e6", "enrollments.csv: e10", "enrollments.csv: e13"];
    assert_eq!(skipped, expected);
    // Put right, the rest is taken, and what was taken stays.
    let again = import(&registrar, &Bundle::small()).await.unwrap();
    assert!(again.bad().is_empty(), "{:?}", again.bad());
    let accepted = again.rows.iter().filter(|row| row.verdict() == RowVerdict::Accepted);
    let accepted: Vec<_> = accepted.map(|row| format!("{}: {}", row.file, row.sourced_id)).collect();
    assert!(accepted.contains(&"users.csv: p3".to_owned()), "{accepted:?}");
    assert!(accepted.iter().all(|row| row == "users.csv: p3" || expected.contains(&&**row)), "{accepted:?}");
    assert_eq!(again.summary.position, world.position().await);
}

async fn r12_a_second_import_changes_nothing(backend: Backend) {
    let (world, registrar) = school(backend).await;
    let first = import(&registrar, &Bundle::small()).await.unwrap();
    let position = world.position().await;
    assert_eq!(first.summary.position, position);
    assert_eq!(first.summary.accepted + first.summary.unchanged, u64::try_from(first.rows.len()).unwrap());
    // Two more at the same time.
    for again in join_all([import(&registrar, &Bundle::small()), import(&registrar, &Bundle::small())]).await
    {
        let again = again.unwrap();
        assert!(again.rows.iter().all(|row| row.verdict() == RowVerdict::Unchanged), "{:?}", again.rows);
        assert_eq!((again.summary.position, again.summary.accepted), (position, 0));
        assert_eq!(again.ids("users.csv"), first.ids("users.csv"));
        assert_eq!(again.ids("classes.csv"), first.ids("classes.csv"));
    }
    assert_eq!(world.position().await, position);
}

async fn r12_an_import_that_is_repeated_changes_nothing(backend: Backend) {
    let (world, registrar) = school(backend).await;
    let request = request_id();
    let first = import_as(&registrar, &request, &Bundle::small()).await.unwrap();
    let position = world.position().await;
    let again = import_as(&registrar, &request, &Bundle::small()).await.unwrap();
    assert!(again.bad().is_empty(), "{:?}", again.bad());
    assert_eq!(again.ids("users.csv"), first.ids("users.csv"));
    assert_eq!((world.position().await, again.summary.position), (position, position));
}

async fn r12_a_zip_is_a_bundle(backend: Backend) {
    let (world, registrar) = school(backend).await;
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in &Bundle::small().0 {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    let bytes = Bytes::from(zip.finish().unwrap().into_inner());
    let cut = bytes.slice(..bytes.len() / 2);
    let before = world.position().await;
    malformed(import(&registrar, &Bundle(vec![("roster.zip".to_owned(), cut)])).await, &["roster.zip"]);
    assert_eq!(world.position().await, before);
    let zipped = import(&registrar, &Bundle(vec![("roster.zip".to_owned(), bytes)])).await.unwrap();
    assert!(zipped.bad().is_empty(), "{:?}", zipped.bad());
    let position = world.position().await;
    let plain = import(&registrar, &Bundle::small()).await.unwrap();
    assert_eq!((plain.summary.accepted, plain.summary.position), (0, position));
}

async fn r12_refuses_who_is_not_the_registrar(backend: Backend) {
    let world = World::start(backend).await;
    let answer = import(&world.caller(world.principal), &Bundle::small()).await;
    refused(answer, Code::PermissionDenied, "DUTY_MISSING", "R12");
}
