//! What is true after whatever failed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use events::{AnyEvent, Record, Recorded};
use proto::audit::v1::{GetViewDigestRequest, GetViewDigestResponse};
use serde_json::Value;
use tonic::Code;

use super::clients::Told;
use crate::world::{Caller, PATIENCE, School};

/// A view's digest, by its name.
pub(super) type Digests = BTreeMap<String, String>;

/// That everything acknowledged is there exactly once, in order, and nothing else.
pub(super) async fn is_there_once(school: &School, told: &Told) {
    let entries = school.records().await;
    let mut places: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for (entry, position) in entries.iter().zip(1..) {
        assert_eq!(entry.position, position, "positions are dense");
        places.entry(entry.record["requestid"].as_str().unwrap()).or_default().push(position);
    }
    let mut requests = BTreeSet::new();
    for list in &told.lists {
        let mut before = told.base;
        for one in list {
            let (first, last) = (one.written.first_position, one.written.position);
            let there = places.get(one.request.as_str()).map(Vec::as_slice).unwrap_or_default();
            assert_eq!(there, (first..=last).collect::<Vec<_>>(), "{one:?}");
            let entry = &entries[usize::try_from(first).unwrap() - 1];
            assert!(entry.kind().ends_with(&format!(".{}.v1", one.kind)), "{one:?}: {}", entry.kind());
            assert!(entry.record.to_string().contains(&one.written.made_id), "{one:?}");
            assert!(before < first, "what a client did later is later: {one:?}");
            before = last;
            assert!(requests.insert(one.request.as_str()), "{one:?}");
        }
    }
    let since = entries.iter().filter(|entry| entry.position > told.base);
    let others = since.filter(|entry| !requests.contains(entry.record["requestid"].as_str().unwrap()));
    let others: Vec<_> = others.collect();
    assert!(others.is_empty(), "nobody was told of {others:?}");
}

/// The digests of the views as a process serves them at the ledger's end; its own replay gives the same.
pub(super) async fn served(auditor: &Caller, position: u64) -> Digests {
    let mut digests = Digests::new();
    for view in portfolio::VIEWS {
        let asking = tokio::time::timeout(PATIENCE, digest(auditor, view, position));
        let answer = asking.await.expect("the view doesn't come so far");
        assert_eq!((answer.position, &answer.served), (position, &answer.replayed), "{view}");
        assert_ne!(answer.documents, 0, "{view}");
        digests.insert(answer.view, answer.served);
    }
    digests
}

async fn digest(auditor: &Caller, view: &str, position: u64) -> GetViewDigestResponse {
    let mut again = tokio::time::interval(Duration::from_millis(50));
    loop {
        again.tick().await;
        let request = GetViewDigestRequest { view: view.to_owned(), at_least_position: position };
        match auditor.audit().get_view_digest(request).await {
            Ok(answer) => return answer.into_inner(),
            Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status:?}"),
        }
    }
}

/// The digests of the views that an export gives, folded from nothing.
pub(super) fn folded(export: &Path) -> Digests {
    let views = folded_documents(export).into_iter();
    views.map(|(view, documents)| (view, hex::encode(eventstore::project::digest(&documents)))).collect()
}

/// The documents of the views that an export gives, folded from nothing.
pub(crate) fn folded_documents(export: &Path) -> BTreeMap<String, BTreeMap<String, Vec<u8>>> {
    let text = std::fs::read_to_string(export.join("records.ndjson")).unwrap();
    let events = text.lines().zip(1..).filter_map(|(line, position)| recorded(line, position));
    let events: Vec<_> = events.collect();
    let folded = portfolio::projections().into_iter().map(|view| {
        let mut documents = BTreeMap::new();
        view.fold(&mut documents, &events).unwrap();
        (view.name().to_owned(), documents)
    });
    folded.collect()
}

fn recorded(line: &str, position: u64) -> Option<Arc<Recorded>> {
    let mut record = Record::parse(line.as_bytes()).unwrap();
    let ledger = record.ledger().unwrap();
    let data = std::mem::replace(&mut record.data, Value::Null);
    let event = AnyEvent::read(&record.kind, data).unwrap()?;
    Some(Arc::new(Recorded { ledger, position, record, event }))
}

/// All of it: the clients' lists, the views, the export, and its proof.
pub(super) async fn all_holds(school: &School, told: &Told) {
    is_there_once(school, told).await;
    the_views_are_folds(school).await;
}

/// That what is served is what a proven export gives to whoever folds it from nothing.
pub(crate) async fn the_views_are_folds(school: &School) {
    let position = school.position().await;
    let digests = served(&school.caller(school.principal), position).await;
    let export = school.export("export").await;
    school.verify(&export).await;
    assert_eq!(folded(&export), digests);
}
