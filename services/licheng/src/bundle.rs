//! A OneRoster bundle from a folder into a server: what `licheng import` and the demo share.

use std::io;
use std::path::Path;

use bytes::Bytes;
use futures::StreamExt as _;
use proto::records::v1::import_roster_request::Part;
use proto::records::v1::import_roster_response::Part as Told;
use proto::records::v1::records_service_client::RecordsServiceClient;
use proto::records::v1::{
    ImportRosterBegin, ImportRosterFile, ImportRosterRequest, ImportRow, ImportSummary,
};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::{Request, Status};

use crate::progress::{Bar, Progress};
use crate::road::Road;

/// Bytes of a chunk: what the service takes at most.
const CHUNK: usize = 1 << 20;

/// Files of a bundle by name.
pub(crate) type Files = Vec<(String, Bytes)>;

/// The bundle of a folder: its csv files.
///
/// # Errors
/// It can't be read, or has none.
pub(crate) fn folder(folder: &Path) -> io::Result<Files> {
    let files = files_in(folder, |name| name.ends_with(".csv"))?;
    match files.is_empty() {
        true => Err(io::Error::other(format!("{}: no .csv file there", folder.display()))),
        false => Ok(files),
    }
}

/// The files of a folder whose names are wanted, by name.
///
/// # Errors
/// One can't be read.
pub(crate) fn files_in(folder: &Path, wanted: impl Fn(&str) -> bool) -> io::Result<Files> {
    let mut files = Files::new();
    for entry in std::fs::read_dir(folder).map_err(|error| named(folder, &error))? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_file() && wanted(&name) {
            files.push((name, bytes_of(&path)?));
        }
    }
    files.sort();
    Ok(files)
}

/// A file's bytes.
///
/// # Errors
/// It can't be read; the error names it.
pub(crate) fn bytes_of(file: &Path) -> io::Result<Bytes> {
    std::fs::read(file).map(Bytes::from).map_err(|error| named(file, &error))
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::other(format!("{}: {error}", path.display()))
}

/// Sends a bundle in the bearer's name, shows how far it has come, and hands over each row's verdict; answers the
/// sums, which a server that breaks off doesn't tell.
///
/// # Errors
/// What the server answers.
pub(crate) async fn import(
    road: Road,
    bearer: MetadataValue<Ascii>,
    begin: ImportRosterBegin,
    files: &Files,
    progress: Progress,
    mut row_told: impl FnMut(ImportRow),
) -> Result<Option<ImportSummary>, Box<Status>> {
    let mut parts = vec![Part::Begin(begin)];
    for (name, bytes) in files {
        parts.push(Part::File(ImportRosterFile { name: name.clone() }));
        parts.extend(bytes.chunks(CHUNK).map(|chunk| Part::Chunk(bytes.slice_ref(chunk))));
    }
    let parts = parts.into_iter().map(|part| ImportRosterRequest { part: Some(part) });
    let mut request = Request::new(tokio_stream::iter(parts));
    request.metadata_mut().insert("authorization", bearer);
    let mut answers = RecordsServiceClient::new(road).import_roster(request).await?.into_inner();
    let (mut bar, mut summary) = (None::<Bar>, None);
    while let Some(answer) = answers.next().await {
        match answer?.part {
            Some(Told::Row(row)) => {
                bar.get_or_insert_with(|| progress.begin("roster", row.rows_of_all, 0)).step(1, 0);
                row_told(row);
            }
            Some(Told::Summary(end)) => summary = Some(end),
            None => {}
        }
    }
    bar.inspect(Bar::end);
    Ok(summary)
}
