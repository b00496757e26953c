use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use crate::verify::VerifyFault;
use crate::verify::at;

/// The lines of a file, one at a time, each with its line feed. Of a line that is too long the beginning is given,
/// which is another line than any that was written.
pub(super) struct Lines {
    path: PathBuf,
    file: BufReader<File>,
    most: u64,
}

impl Lines {
    /// Lines of at most `most` bytes with their line feed.
    pub(super) fn open(path: &Path, most: u64) -> Result<Self, VerifyFault> {
        let file = BufReader::with_capacity(1 << 16, File::open(path).map_err(at(path))?);
        Ok(Self { path: path.to_owned(), file, most })
    }

    /// The next line; `false`: there is none.
    pub(super) fn next(&mut self, line: &mut Vec<u8>) -> Result<bool, VerifyFault> {
        line.clear();
        self.read(line).map_err(at(&self.path))?;
        Ok(!line.is_empty())
    }

    fn read(&mut self, line: &mut Vec<u8>) -> io::Result<()> {
        self.file.by_ref().take(self.most).read_until(b'\n', line)?;
        if !line.ends_with(b"\n") && u64::try_from(line.len()).is_ok_and(|read| read == self.most) {
            self.file.skip_until(b'\n')?;
        }
        Ok(())
    }
}
