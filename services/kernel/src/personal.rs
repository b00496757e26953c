use std::cell::Cell;
use std::fmt;
use std::str::FromStr;

use serde::de::{DeserializeOwned, Error as _};
use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use uuid::Uuid;

use crate::{FileId, PersonId, WorkId};

/// What a data key opens, so that one part of a person's data can be forgotten alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Compartment {
    /// Name, numbers, birth date: who the person is.
    Identity,
    /// Grades and courses.
    Coursework,
    /// Attendance, posts, rewards.
    Conduct,
    /// Counselling notes.
    Counselling,
    /// What concerns a person as member of the staff.
    Staff,
    /// One work: its title, summary, file and salt.
    Work(WorkId),
    /// A package that was sent to the central database; its "person" is the package.
    Package,
}

/// Whose a personal value is, and in which compartment: this names its data key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// The person concerned; for a ledger's own keys, the ledger.
    pub person: PersonId,
    /// The compartment.
    pub compartment: Compartment,
}

/// A sealed value at rest: key id, event id, JSON pointer, nonce, ciphertext (AES-256-GCM).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedValue {
    /// The key: person and compartment, as [`Owner`] is written.
    pub kid: String,
    /// The event that it was sealed for.
    pub e: Uuid,
    /// Where in that event's data it stands, as a JSON pointer.
    pub p: String,
    /// The nonce, 12 bytes in base64.
    pub n: String,
    /// The ciphertext with its tag, in base64.
    pub c: String,
}

/// A value about a person: open in the hands of the domain, sealed at rest, erased once its key is destroyed.
///
/// Only `vault` turns one into another. An open one refuses to be serialised outside [`sealing`].
#[derive(Clone, PartialEq, Eq)]
pub enum Personal<T> {
    /// Readable, with its owner.
    Open(Owner, T),
    /// As it is stored.
    Sealed(SealedValue),
    /// Its key has been destroyed.
    Erased,
}

impl<T> Personal<T> {
    /// A value of that owner, open.
    pub const fn new(owner: Owner, value: T) -> Self {
        Self::Open(owner, value)
    }

    /// The value, if it is open.
    pub const fn open(&self) -> Option<&T> {
        match self {
            Self::Open(_, value) => Some(value),
            Self::Sealed(_) | Self::Erased => None,
        }
    }
}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open(..) => "Personal(open)",
            Self::Sealed(_) => "Personal(sealed)",
            Self::Erased => "Personal(erased)",
        })
    }
}

thread_local! {
    static SEALING: Cell<bool> = const { Cell::new(false) };
    static OPENING: Cell<bool> = const { Cell::new(false) };
}

struct Scope(&'static std::thread::LocalKey<Cell<bool>>, bool);

impl Scope {
    fn enter(key: &'static std::thread::LocalKey<Cell<bool>>) -> Self {
        Self(key, key.replace(true))
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        self.0.set(self.1);
    }
}

/// Name of the member that marks an open value on its way into or out of the seal.
const OPEN: &str = "$open";
/// Name of the member that marks a value whose key is destroyed.
const ERASED: &str = "$erased";

/// For `vault` alone: the JSON of a value in which open personal values stand as
/// `{"$open": value, "owner": "person/compartment"}`, to be replaced by sealed ones at once.
///
/// # Errors
/// What serialising the value answers.
pub fn sealing<T: Serialize>(value: &T) -> Result<Value, serde_json::Error> {
    let _scope = Scope::enter(&SEALING);
    serde_json::to_value(value)
}

/// For `vault` alone: reads a value in which `{"$open": …}` and `{"$erased": true}` have taken the place of
/// sealed values whose keys it had, or knew to be destroyed.
///
/// # Errors
/// What deserialising the value answers.
pub fn opening<T: DeserializeOwned>(value: Value) -> Result<T, serde_json::Error> {
    let _scope = Scope::enter(&OPENING);
    T::deserialize(value)
}

impl<T: Serialize> Serialize for Personal<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Open(owner, value) if SEALING.get() => {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry(OPEN, value)?;
                map.serialize_entry("owner", &owner.to_string())?;
                map.end()
            }
            Self::Open(..) => Err(S::Error::custom("an open personal value is never serialised")),
            Self::Sealed(sealed) => sealed.serialize(serializer),
            Self::Erased => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(ERASED, &true)?;
                map.end()
            }
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Personal<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if OPENING.get()
            && let Some(open) = value.get(OPEN)
        {
            let owner = value.get("owner").and_then(Value::as_str).and_then(|owner| owner.parse().ok());
            let owner = owner.ok_or_else(|| D::Error::custom("an open value without an owner"))?;
            return T::deserialize(open).map(|value| Self::Open(owner, value)).map_err(D::Error::custom);
        }
        if value.get(ERASED).is_some() {
            return Ok(Self::Erased);
        }
        SealedValue::deserialize(value).map(Self::Sealed).map_err(D::Error::custom)
    }
}

impl Owner {
    /// The owner of what concerns a person in that compartment.
    pub const fn new(person: PersonId, compartment: Compartment) -> Self {
        Self { person, compartment }
    }

    /// The same person's identity compartment.
    pub const fn identity(person: PersonId) -> Self {
        Self::new(person, Compartment::Identity)
    }

    /// A package's own key.
    pub const fn package(package: FileId) -> Self {
        Self::new(PersonId::new(package.uuid()), Compartment::Package)
    }

    /// One work of a person.
    pub const fn work(person: PersonId, work: WorkId) -> Self {
        Self::new(person, Compartment::Work(work))
    }
}

impl fmt::Display for Compartment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity => f.write_str("identity"),
            Self::Coursework => f.write_str("coursework"),
            Self::Conduct => f.write_str("conduct"),
            Self::Counselling => f.write_str("counselling"),
            Self::Staff => f.write_str("staff"),
            Self::Work(work) => write!(f, "work-{work}"),
            Self::Package => f.write_str("package"),
        }
    }
}

/// The text names no compartment, or no owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a key id, such as 5f0c…/identity")]
pub struct NotAKeyId;

impl FromStr for Compartment {
    type Err = NotAKeyId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "identity" => Ok(Self::Identity),
            "coursework" => Ok(Self::Coursework),
            "conduct" => Ok(Self::Conduct),
            "counselling" => Ok(Self::Counselling),
            "staff" => Ok(Self::Staff),
            "package" => Ok(Self::Package),
            _ => {
                let work = text.strip_prefix("work-").ok_or(NotAKeyId)?;
                work.parse().map(Self::Work).map_err(|_| NotAKeyId)
            }
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.person, self.compartment)
    }
}

impl FromStr for Owner {
    type Err = NotAKeyId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (person, compartment) = text.split_once('/').ok_or(NotAKeyId)?;
        let person = person.parse().map_err(|_| NotAKeyId)?;
        Ok(Self { person, compartment: compartment.parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Owner {
        Owner::identity(PersonId::new(Uuid::nil()))
    }

    #[test]
    fn an_open_value_refuses_to_be_serialised() {
        let name = Personal::new(owner(), "林武雄".to_owned());
        assert!(serde_json::to_string(&name).is_err());
        assert!(sealing(&name).unwrap().to_string().contains("林武雄"));
        assert!(serde_json::to_string(&name).is_err(), "the scope has ended");
        assert!(!format!("{name:?}").contains('林'));
    }

    #[test]
    fn what_claims_to_be_open_is_believed_only_while_opening() {
        let marked = sealing(&Personal::new(owner(), 7)).unwrap();
        assert_eq!(opening::<Personal<i32>>(marked.clone()).unwrap(), Personal::new(owner(), 7));
        assert!(serde_json::from_value::<Personal<i32>>(marked).is_err());
    }

    #[test]
    fn an_owner_is_written_as_key_id_and_read_back() {
        let work = Owner::work(PersonId::new(Uuid::max()), WorkId::new(Uuid::nil()));
        let package = Owner::package(FileId::new(Uuid::max()));
        for owner in [owner(), work, package] {
            assert_eq!(owner.to_string().parse(), Ok(owner));
        }
        assert!("nobody/identity".parse::<Owner>().is_err());
    }
}
