//! A package on its way and at rest: what has arrived stays, whatever breaks.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tonic::Status;

/// A package's folder.
pub(crate) struct Package {
    folder: PathBuf,
}

/// What was said of it before it came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Announced {
    /// The school's code.
    pub(crate) school: String,
    /// Which of this ministry's packages it is, from 0.
    pub(crate) nth: usize,
    /// Bytes of it.
    pub(crate) size: u64,
    /// SHA-256 of its bytes, hex.
    pub(crate) sha256: String,
}

/// An item as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arrived {
    /// Its id.
    pub(crate) item: String,
    /// SHA-256 of its bytes.
    pub(crate) sha256: Vec<u8>,
}

/// As much of a manifest as the ministry reads.
#[derive(Deserialize)]
struct Manifest {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    item: String,
    path: String,
    sha256: String,
}

impl Package {
    /// The one of that id, which must be a UUID.
    pub(crate) fn of(data: &Path, id: &str) -> Result<Self, Status> {
        let id: uuid::Uuid = id.parse().map_err(|_| Status::invalid_argument("package_id: no UUID"))?;
        Ok(Self { folder: data.join(id.to_string()) })
    }

    /// Begins it, unless it has begun with the same announcement.
    pub(crate) fn begin(
        &self,
        data: &Path,
        (school, size, sha256): (String, u64, String),
    ) -> Result<(), Status> {
        if let Some(known) = self.announced()? {
            let same = (known.size, &known.sha256, &known.school) == (size, &sha256, &school);
            let other = || Status::failed_precondition("the package has begun with another size or digest");
            return if same { Ok(()) } else { Err(other()) };
        }
        let nth = fs::read_dir(data).map_err(io_fault)?.count();
        fs::create_dir_all(&self.folder).map_err(io_fault)?;
        let announced = Announced { school, nth, size, sha256 };
        self.write("announced.json", &announced)
    }

    /// What was said of it; `None`: it hasn't begun.
    pub(crate) fn announced(&self) -> Result<Option<Announced>, Status> {
        match fs::read(self.folder.join("announced.json")) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| broken(&error)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_fault(error)),
        }
    }

    /// Bytes that are there.
    pub(crate) fn received(&self) -> Result<u64, Status> {
        match fs::metadata(self.bytes()) {
            Ok(found) => Ok(found.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(io_fault(error)),
        }
    }

    /// Takes bytes that begin where it stands.
    pub(crate) fn append(&self, offset: u64, bytes: &[u8]) -> Result<(), Status> {
        let announced = self.announced()?.ok_or_else(|| Status::failed_precondition("begin it first"))?;
        let there = self.received()?;
        if offset != there {
            return Err(Status::out_of_range(format!("{there} bytes are there, these begin at {offset}")));
        }
        if there.saturating_add(bytes.len() as u64) > announced.size {
            return Err(Status::invalid_argument("more bytes than were announced"));
        }
        let file = OpenOptions::new().create(true).append(true).open(self.bytes());
        file.and_then(|mut file| file.write_all(bytes)).map_err(io_fault)
    }

    /// Re-reads and re-hashes every item.
    pub(crate) fn arrived(&self) -> Result<Vec<Arrived>, Status> {
        let mut archive = tar::Archive::new(File::open(self.bytes()).map_err(io_fault)?);
        let mut entries = archive.entries().map_err(io_fault)?;
        let first = entries.next().ok_or_else(|| Status::invalid_argument("an empty archive"))?;
        let manifest: Manifest =
            serde_json::from_reader(first.map_err(io_fault)?).map_err(|error| broken(&error))?;
        let mut expected = manifest.items.into_iter();
        let mut arrived = Vec::new();
        for entry in entries {
            let mut entry = entry.map_err(io_fault)?;
            let path = entry.path().map_err(io_fault)?.display().to_string();
            if !path.starts_with("files/") {
                continue;
            }
            let item = expected.next().filter(|item| item.path == path);
            let item = item.ok_or_else(|| Status::invalid_argument("files and manifest differ"))?;
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(io_fault)?;
            let sha256 = Sha256::digest(&bytes).to_vec();
            if hex::encode(&sha256) != item.sha256 {
                return Err(Status::invalid_argument(format!("{path} isn't what the manifest says")));
            }
            arrived.push(Arrived { item: item.item, sha256 });
        }
        if expected.next().is_some() {
            Err(Status::invalid_argument("a file is missing"))
        } else {
            Ok(arrived)
        }
    }

    /// SHA-256 of all of it, hex.
    pub(crate) fn sha256(&self) -> Result<String, Status> {
        let (mut file, mut hash) = (File::open(self.bytes()).map_err(io_fault)?, Sha256::new());
        let mut part = vec![0; 1 << 20];
        loop {
            let read = file.read(&mut part).map_err(io_fault)?;
            let Some(read) = part.get(..read).filter(|read| !read.is_empty()) else { break };
            hash.update(read);
        }
        Ok(hex::encode(hash.finalize()))
    }

    /// Writes a file of its folder, whole or not at all.
    pub(crate) fn write<T: Serialize>(&self, name: &str, value: &T) -> Result<(), Status> {
        let bytes = serde_json::to_vec_pretty(value).map_err(|error| broken(&error))?;
        let (beside, file) = (self.folder.join(format!("{name}.new")), self.folder.join(name));
        fs::write(&beside, bytes).and_then(|()| fs::rename(beside, file)).map_err(io_fault)
    }

    fn bytes(&self) -> PathBuf {
        self.folder.join("package.tar")
    }
}

fn io_fault(error: io::Error) -> Status {
    Status::internal(error.to_string())
}

fn broken(error: &serde_json::Error) -> Status {
    Status::invalid_argument(error.to_string())
}
