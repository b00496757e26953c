use std::path::{Path, PathBuf};

use async_trait::async_trait;
use eventstore::store::Stored;
use tokio::fs::{self, File};
use tokio::io::{AsyncWriteExt as _, BufWriter};

use super::{Along, CHECKPOINTS, ExportFault, at};
use crate::papers::{LEAVES, RECORDS};

/// Writes an export's files.
pub(super) struct Writer {
    folder: PathBuf,
    records: Lines,
    leaves: Lines,
    checkpoints: u64,
}

struct Lines {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Lines {
    async fn new(path: PathBuf) -> Result<Self, ExportFault> {
        let file = BufWriter::new(File::create(&path).await.map_err(at(&path))?);
        Ok(Self { path, file })
    }

    async fn write(&mut self, line: &[u8]) -> Result<(), ExportFault> {
        self.file.write_all(line).await.map_err(at(&self.path))?;
        self.file.write_all(b"\n").await.map_err(at(&self.path))
    }

    /// What is written is on the disk, or the export fails.
    async fn finish(mut self) -> Result<(), ExportFault> {
        self.file.flush().await.map_err(at(&self.path))?;
        self.file.get_ref().sync_all().await.map_err(at(&self.path))
    }
}

impl Writer {
    /// Makes the folder.
    pub(super) async fn new(folder: &Path) -> Result<Self, ExportFault> {
        let checkpoints = folder.join(CHECKPOINTS);
        fs::create_dir_all(&checkpoints).await.map_err(at(&checkpoints))?;
        let records = Lines::new(folder.join(RECORDS)).await?;
        let leaves = Lines::new(folder.join(LEAVES)).await?;
        Ok(Self { folder: folder.to_owned(), records, leaves, checkpoints: 0 })
    }

    /// Writes a text.
    pub(super) async fn paper(&mut self, name: &str, text: &str) -> Result<(), ExportFault> {
        let path = self.folder.join(name);
        fs::write(&path, text).await.map_err(at(&path))
    }

    /// Everything is written; how many checkpoints there are.
    pub(super) async fn finish(self) -> Result<u64, ExportFault> {
        self.records.finish().await?;
        self.leaves.finish().await?;
        Ok(self.checkpoints)
    }
}

#[async_trait]
impl Along for Writer {
    /// Writes the next record and its leaf.
    async fn record(&mut self, event: &Stored) -> Result<(), ExportFault> {
        self.records.write(&event.record).await?;
        self.leaves.write(hex::encode(event.leaf).as_bytes()).await
    }

    /// Writes the signed note of a size.
    async fn checkpoint(&mut self, size: u64, note: &[u8]) -> Result<(), ExportFault> {
        let path = self.folder.join(CHECKPOINTS).join(size.to_string());
        self.checkpoints += 1;
        fs::write(&path, note).await.map_err(at(&path))
    }
}
