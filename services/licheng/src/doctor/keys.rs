//! The key-encryption key: there, secret, and the one that the ledgers' keys were wrapped by.

use std::os::unix::fs::PermissionsExt as _;

use kernel::LedgerId;
use vault::{KeyEncryptionKey, KeyRow, KeyStore, Vault};

use super::Patient;
use super::report::Report;
use crate::causes;

const WHAT: &str = "key-encryption key";

pub(super) async fn look(patient: &Patient, report: &mut Report) {
    let Some(key) = key(patient, report) else { return };
    let Some(store) = &patient.store else { return };
    for ledger in patient.ledgers.iter().filter(|ledger| ledger.head.position > 0) {
        let what = format!("keys of {}", ledger.code);
        match opens(store.keys(), ledger.id, &key).await {
            Ok(()) => report.ok(what, "the key-encryption key opens them"),
            Err(why) => {
                let way_out = "put back the key-encryption key, and the keys, that belong to this store; without them \
                    nothing personal can be read";
                report.fail(what, why, way_out);
            }
        }
    }
}

/// The key, and what there is to say of its file.
fn key(patient: &Patient, report: &mut Report) -> Option<KeyEncryptionKey> {
    let file = &patient.config.keys.key_encryption_key;
    let (key, mode) = match std::fs::read_to_string(file).and_then(|text| Ok((text, file.metadata()?))) {
        Ok((text, metadata)) => (KeyEncryptionKey::parse(&text), metadata.permissions().mode()),
        Err(error) => {
            let way_out = "put the file back from where its copy is kept (a key backup, `licheng backup --keys`); \
                never make another: what the lost one wrapped stays shut";
            report.fail(WHAT, format!("{}: {error}", file.display()), way_out);
            return None;
        }
    };
    if key.is_none() {
        let detail = format!("{} holds something else than 64 hex digits and a generation", file.display());
        report.fail(WHAT, detail, "put the file back from where its copy is kept");
    } else if mode & 0o007 != 0 {
        let detail =
            format!("{} may be read by everybody on this host (mode {:03o})", file.display(), mode & 0o777);
        report.warn(WHAT, detail, format!("chmod 600 {}", file.display()));
    } else {
        report.ok(WHAT, format!("{} is there and secret", file.display()));
    }
    key
}

/// Whether a ledger's own keys are there and open. None is ever made.
async fn opens(
    keys: std::sync::Arc<dyn KeyStore>,
    ledger: LedgerId,
    key: &KeyEncryptionKey,
) -> Result<(), String> {
    for name in ["index", "checkpoint"] {
        match keys.key(ledger, &format!("{ledger}/{name}")).await {
            Ok(Some(KeyRow::Wrapped { .. })) => {}
            Ok(Some(KeyRow::Destroyed)) => return Err(format!("the ledger's {name} key has been destroyed")),
            Ok(None) => return Err(format!("the ledger's {name} key is missing")),
            Err(fault) => return Err(causes(&fault)),
        }
    }
    let opened = Vault::new(keys, key.clone()).ledger_keys(ledger).await;
    opened.map(drop).map_err(|fault| causes(&fault))
}
