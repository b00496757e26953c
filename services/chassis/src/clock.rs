//! The service clock: the host's, or a file that a demo's or test's processes share.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use kernel::{Clock, Instant};

/// The host's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Real;

/// A clock that stands where a file says, and never goes back.
#[derive(Debug)]
pub struct Simulated {
    file: PathBuf,
    latest: AtomicI64,
}

impl Clock for Real {
    #[expect(clippy::disallowed_methods, reason = "this is the service clock")]
    fn now(&self) -> Instant {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Instant::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

impl Simulated {
    /// The clock of a file that holds one RFC 3339 instant.
    ///
    /// # Errors
    /// The file can't be read, or holds something else.
    pub fn new(file: &Path) -> io::Result<Self> {
        let start = read(file)?;
        Ok(Self { file: file.to_owned(), latest: AtomicI64::new(start.micros()) })
    }
}

impl Clock for Simulated {
    fn now(&self) -> Instant {
        // A file that can't be read for a moment, or was set back, leaves the clock where it stands.
        let written = read(&self.file).map_or(i64::MIN, Instant::micros);
        Instant::from_micros(self.latest.fetch_max(written, Ordering::SeqCst).max(written))
    }
}

/// Moves a simulated clock forward to an instant.
///
/// # Errors
/// The instant is before the present one, or the file can't be written.
pub fn advance(file: &Path, to: Instant) -> io::Result<()> {
    if let Ok(now) = read(file)
        && now > to
    {
        return Err(io::Error::other(format!(
            "the simulated clock stands at {now}; it never goes back to {to}"
        )));
    }
    let beside = file.with_extension("new");
    std::fs::write(&beside, format!("{to}\n"))?;
    std::fs::rename(beside, file)
}

fn read(file: &Path) -> io::Result<Instant> {
    std::fs::read_to_string(file)?.trim().parse().map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulated_clock_never_goes_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clock");
        let at = |text: &str| text.parse::<Instant>().unwrap();
        advance(&file, at("2026-01-10T00:00:00Z")).unwrap();
        let clock = Simulated::new(&file).unwrap();
        assert_eq!(clock.now(), at("2026-01-10T00:00:00Z"));
        advance(&file, at("2026-02-01T00:00:00Z")).unwrap();
        assert_eq!(clock.now(), at("2026-02-01T00:00:00Z"));
        assert!(advance(&file, at("2026-01-11T00:00:00Z")).is_err());
        std::fs::write(&file, "2025-01-01T00:00:00Z").unwrap();
        assert_eq!(clock.now(), at("2026-02-01T00:00:00Z"));
        std::fs::write(&file, "soon").unwrap();
        assert_eq!(clock.now(), at("2026-02-01T00:00:00Z"));
    }
}
