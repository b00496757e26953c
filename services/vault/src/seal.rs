use std::collections::{BTreeSet, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kernel::{EventId, LedgerId, SealedValue};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::keys::{DataKey, KeyFault, decrypt, encrypt};

/// A value can't be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealFault {
    /// A key can't be had.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// The key has been destroyed: nothing new is sealed with it.
    #[error("key {0} has been destroyed")]
    Destroyed(String),
    /// A sealed value was changed, or moved to another event or ledger.
    #[error("the sealed value at {0} doesn't open: it was altered or moved")]
    Altered(String),
    /// The event can't be written as JSON.
    #[error("the event can't be written: {0}")]
    Json(#[from] serde_json::Error),
}

/// Member that marks an open value; [`kernel::sealing`] writes it.
const OPEN: &str = "$open";

/// Whether a JSON value has the shape of a sealed one.
pub fn is_sealed(value: &Value) -> bool {
    let Value::Object(map) = value else { return false };
    map.len() == 5
        && ["kid", "e", "p", "n", "c"].iter().all(|name| map.get(*name).is_some_and(Value::is_string))
}

/// The ids of the keys that the open values in it are to be sealed with.
pub(crate) fn owners(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) if map.contains_key(OPEN) => {
            found.extend(map.get("owner").and_then(Value::as_str).map(str::to_owned));
        }
        Value::Object(map) => map.values().for_each(|value| owners(value, found)),
        Value::Array(values) => values.iter().for_each(|value| owners(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The ids of the keys that the sealed values in it were sealed with.
pub fn kids(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) if is_sealed(value) => {
            found.extend(map.get("kid").and_then(Value::as_str).map(str::to_owned));
        }
        Value::Object(map) => map.values().for_each(|value| kids(value, found)),
        Value::Array(values) => values.iter().for_each(|value| kids(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Seals every open value in an event's data, where it stands.
pub(crate) fn seal(
    ledger: LedgerId,
    event: EventId,
    value: &mut Value,
    pointer: &str,
    keys: &HashMap<String, DataKey>,
) -> Result<(), SealFault> {
    match value {
        Value::Object(map) if map.contains_key(OPEN) => {
            let kid = map.get("owner").and_then(Value::as_str).unwrap_or_default().to_owned();
            let key = keys.get(&kid).ok_or_else(|| KeyFault::Unknown(kid.clone()))?;
            let text = serde_json::to_vec(map.get(OPEN).unwrap_or(&Value::Null))?;
            let associated = associated(ledger, &event.to_string(), pointer, &kid);
            let sealed =
                encrypt(key, &associated, &text).ok_or_else(|| SealFault::Altered(pointer.to_owned()))?;
            let (nonce, text) = sealed.split_at_checked(12).unwrap_or_default();
            *value = json!({
                "kid": kid,
                "e": event,
                "p": pointer,
                "n": STANDARD.encode(nonce),
                "c": STANDARD.encode(text),
            });
        }
        Value::Object(map) => {
            for (name, value) in map {
                let name = name.replace('~', "~0").replace('/', "~1");
                seal(ledger, event, value, &format!("{pointer}/{name}"), keys)?;
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter_mut().enumerate() {
                seal(ledger, event, value, &format!("{pointer}/{index}"), keys)?;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    Ok(())
}

/// Opens every sealed value in it; one whose key is destroyed (`None`) becomes `{"$erased": true}`.
pub(crate) fn open(
    ledger: LedgerId,
    value: &mut Value,
    keys: &HashMap<String, Option<DataKey>>,
) -> Result<(), SealFault> {
    if is_sealed(value) {
        let sealed = SealedValue::deserialize(&*value)?;
        let key = keys.get(&sealed.kid).ok_or_else(|| KeyFault::Unknown(sealed.kid.clone()))?;
        *value = match key {
            Some(key) => json!({ OPEN: open_one(ledger, &sealed, key)?, "owner": sealed.kid }),
            None => json!({ "$erased": true }),
        };
        return Ok(());
    }
    match value {
        Value::Object(map) => map.values_mut().try_for_each(|value| open(ledger, value, keys)),
        Value::Array(values) => values.iter_mut().try_for_each(|value| open(ledger, value, keys)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

fn open_one(ledger: LedgerId, sealed: &SealedValue, key: &DataKey) -> Result<Value, SealFault> {
    let altered = || SealFault::Altered(sealed.p.clone());
    let nonce = STANDARD.decode(&sealed.n).map_err(|_| altered())?;
    let text = STANDARD.decode(&sealed.c).map_err(|_| altered())?;
    let associated = associated(ledger, &sealed.e.to_string(), &sealed.p, &sealed.kid);
    let open = decrypt(key, &associated, &[nonce, text].concat()).ok_or_else(altered)?;
    Ok(serde_json::from_slice(&open)?)
}

/// Everything about a sealed value that must not change: ledger, event, place, key.
fn associated(ledger: LedgerId, event: &str, pointer: &str, kid: &str) -> Vec<u8> {
    format!("licheng/value/1\n{ledger}\n{event}\n{pointer}\n{kid}").into_bytes()
}
