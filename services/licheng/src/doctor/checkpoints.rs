//! The newest signed checkpoint, in the database and outside, against the head.

use std::path::Path;
use std::time::Duration;

use audit::{Outside, Signer, VerifierKey};
use vault::{KeyEncryptionKey, Vault};

use super::Patient;
use super::report::Report;
use super::store::{Ledger, Opened};
use crate::causes;

/// The newest of each place.
struct Newest {
    inside: u64,
    outside: u64,
    /// Since when the one outside is there.
    age: Option<Duration>,
}

pub(super) async fn look(patient: &Patient, report: &mut Report) {
    let Some(store) = &patient.store else { return };
    for ledger in patient.ledgers.iter().filter(|ledger| ledger.head.position > 0) {
        let what = format!("checkpoints of {}", ledger.code);
        match newest(patient, store, ledger).await {
            Ok(newest) => judge(&what, ledger.head.position, &newest, report),
            Err(why) => {
                let way_out = "look with `licheng audit export`, which names what was altered, and compare with a backup";
                report.fail(what, why, way_out);
            }
        }
    }
}

fn judge(what: &str, head: u64, newest: &Newest, report: &mut Report) {
    let Newest { inside, outside, age } = newest;
    let old = age.map(|age| format!(", made {} s ago", age.as_secs())).unwrap_or_default();
    let covered = *inside.max(outside);
    if covered > head {
        let detail = format!("one covers {covered} events, and the ledger has {head}: events are gone");
        let way_out = "stop serving; the store is older than what was signed: restore a newer backup, or tell the auditor";
        report.fail(what, detail, way_out);
    } else if outside < inside {
        let detail = format!("the newest outside covers {outside} events, that in the database {inside}");
        report.warn(what, detail, "was the folder of checkpoints exchanged? put the former back");
    } else if covered == 0 {
        let detail = format!("none is signed yet, for {head} events");
        report.warn(what, detail, "`licheng serve` signs within a second");
    } else if covered < head {
        let detail = format!("the newest covers {covered} of {head} events{old}");
        let way_out = "`licheng serve` signs within a second; if it is serving, its log says why it doesn't";
        report.warn(what, detail, way_out);
    } else {
        report.ok(what, format!("the newest covers all {head} events, outside too{old}"));
    }
}

async fn newest(patient: &Patient, store: &Opened, ledger: &Ledger) -> Result<Newest, String> {
    let key = verifier(patient, store, ledger).await;
    let open = |place: &str, size: u64, note: &[u8]| match key.as_ref().map(|key| key.open(note)) {
        Some(Err(why)) => Err(format!("the checkpoint of {size} {place} was altered: {why}")),
        Some(Ok(checkpoint)) if checkpoint.size != size => {
            Err(format!("the checkpoint kept for {size} {place} is that of {}", checkpoint.size))
        }
        Some(Ok(_)) | None => Ok(size),
    };
    let inside = store.store().newest_signed(ledger.id).await.map_err(|fault| causes(&fault))?;
    let inside = inside.map(|(size, note)| open("in the database", size, note.as_bytes())).transpose()?;
    let checkpoints = &patient.config.checkpoints;
    let outside = Outside::new(checkpoints, ledger.id).newest();
    let outside = outside.map_err(|error| format!("{}: {error}", checkpoints.display()))?;
    let outside = outside.map(|(size, note)| open("outside", size, &note)).transpose()?;
    let age = outside.and_then(|size| age(&checkpoints.join(format!("{}/{size}", ledger.id))));
    Ok(Newest { inside: inside.unwrap_or(0), outside: outside.unwrap_or(0), age })
}

/// The key by which they are checked, where the keys open; that they don't is another finding.
async fn verifier(patient: &Patient, store: &Opened, ledger: &Ledger) -> Option<VerifierKey> {
    let text = std::fs::read_to_string(&patient.config.keys.key_encryption_key).ok()?;
    let (key, keys) = (KeyEncryptionKey::parse(&text)?, store.keys());
    // Both are there: none is made here.
    for name in ["index", "checkpoint"] {
        keys.key(ledger.id, &format!("{}/{name}", ledger.id)).await.ok()??;
    }
    let keys = Vault::new(keys, key).ledger_keys(ledger.id).await.ok()?;
    Some(Signer::new(ledger.id, &keys).verifier().clone())
}

fn age(file: &Path) -> Option<Duration> {
    file.metadata().ok()?.modified().ok()?.elapsed().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t3_a_checkpoint_beyond_the_head_fails_and_a_late_one_warns() {
        for (head, inside, outside, level) in [
            (9, 9, 9, "ok"),
            (9, 8, 9, "ok"),
            (9, 8, 8, "warn"),
            (9, 9, 8, "warn"),
            (9, 0, 0, "warn"),
            (9, 9, 10, "fail"),
            (9, 10, 0, "fail"),
        ] {
            let mut report = Report::default();
            judge("checkpoints", head, &Newest { inside, outside, age: None }, &mut report);
            let found = format!("{report:?}").to_lowercase();
            assert!(found.contains(&format!("level: {level}")), "{head} {inside} {outside}: {found}");
        }
    }
}
