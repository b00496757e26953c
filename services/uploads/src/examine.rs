//! What a file is, by reading it and not by its name (U4). Pure: bytes in, a verdict out, whatever the bytes are.

mod image;
mod mp3;
mod mp4;
mod pdf;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::domain::{FileFault, MediaType};

/// Examines a file: its content decides what it is, and it must be what its name says.
///
/// # Errors
/// [`FileFault`]: the first thing that is wrong with it.
pub fn examine(name: &str, bytes: &[u8]) -> Result<MediaType, FileFault> {
    let said = MediaType::said_by(name)?;
    said.sized(bytes.len() as u64)?;
    if content(bytes) != Some(said) {
        return Err(FileFault::NameSaysOtherwise);
    }
    // A parser that gives up on hostile bytes must not take the service with it.
    let read = catch_unwind(AssertUnwindSafe(|| match said {
        MediaType::Pdf => pdf::examine(bytes),
        MediaType::Png => image::png(bytes),
        MediaType::Jpeg => image::jpeg(bytes),
        MediaType::Mp3 => mp3::examine(bytes),
        MediaType::Mp4 => mp4::examine(bytes),
    }));
    read.unwrap_or(Err(FileFault::Unreadable)).map(|()| said)
}

/// What the first bytes say.
fn content(bytes: &[u8]) -> Option<MediaType> {
    // Some programs put a byte order mark or line breaks before a PDF; anything else there is another kind of file.
    let begin = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    if begin.starts_with(b"%PDF-") {
        Some(MediaType::Pdf)
    } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some(MediaType::Png)
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        Some(MediaType::Jpeg)
    } else if mp3::begins(bytes) {
        Some(MediaType::Mp3)
    } else if mp4::begins(bytes) {
        Some(MediaType::Mp4)
    } else {
        None
    }
}

#[cfg(test)]
pub(crate) mod tests;
