//! PNG and JPEG, by decoding every pixel.

use std::io::{Cursor, ErrorKind};

use image::error::ImageError;
use image::{ImageFormat, ImageReader, Limits};

use crate::domain::FileFault;

/// Pixels that an image may have: a photograph of a good telephone, and no more memory than its picture needs.
const PIXELS_MAX: u64 = 40_000_000;
/// Pixels of its longer side.
const SIDE_MAX: u32 = 30_000;
/// Bytes that decoding may take: 8 bytes a pixel, and as much again to work with.
const DECODED_BYTES_MAX: u64 = PIXELS_MAX * 16;

/// A PNG that is whole and decodes.
pub(super) fn png(bytes: &[u8]) -> Result<(), FileFault> {
    decoded(bytes, ImageFormat::Png)?;
    if png_ends(bytes) { Ok(()) } else { Err(FileFault::Truncated) }
}

/// A JPEG that is whole and decodes.
pub(super) fn jpeg(bytes: &[u8]) -> Result<(), FileFault> {
    // The decoder fills what is missing with grey.
    if !jpeg_ends(bytes) {
        return Err(FileFault::Truncated);
    }
    decoded(bytes, ImageFormat::Jpeg)
}

fn decoded(bytes: &[u8], format: ImageFormat) -> Result<(), FileFault> {
    let reader = || ImageReader::with_format(Cursor::new(bytes), format);
    let (width, height) = reader().into_dimensions().map_err(fault)?;
    if u64::from(width) * u64::from(height) > PIXELS_MAX || width.max(height) > SIDE_MAX {
        return Err(FileFault::TooManyPixels);
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODED_BYTES_MAX);
    let mut reader = reader();
    reader.limits(limits);
    reader.decode().map(drop).map_err(fault)
}

fn fault(error: ImageError) -> FileFault {
    match error {
        ImageError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => FileFault::Truncated,
        ImageError::Limits(_) => FileFault::TooManyPixels,
        ImageError::IoError(_)
        | ImageError::Decoding(_)
        | ImageError::Encoding(_)
        | ImageError::Parameter(_)
        | ImageError::Unsupported(_) => FileFault::Unreadable,
    }
}

/// Whether the chunks lead to the one that ends the image.
fn png_ends(bytes: &[u8]) -> bool {
    let mut rest = bytes.get(8..).unwrap_or_default();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let Some((kind, _)) = after.split_first_chunk::<4>() else { return false };
        // Type and checksum have 4 bytes each.
        let length = u32::from_be_bytes(*length) as usize;
        let Some(next) = length.checked_add(8).and_then(|to| after.get(to..)) else { return false };
        if kind == b"IEND" {
            return true;
        }
        rest = next;
    }
    false
}

/// Whether the segments and scans lead to the marker that ends the image.
fn jpeg_ends(bytes: &[u8]) -> bool {
    let mut rest = bytes.get(2..).unwrap_or_default();
    while let Some(at) = rest.windows(2).position(|pair| matches!(pair, [0xff, 1..=0xfe])) {
        let marker = rest.get(at + 1).copied();
        let after = rest.get(at + 2..).unwrap_or_default();
        rest = match marker {
            Some(0xd9) => return true,
            // Markers that stand alone: restarts within a scan, and a second beginning.
            Some(0x01 | 0xd0..=0xd8) => after,
            _ => match after.split_first_chunk::<2>() {
                Some((length, _)) => {
                    after.get(usize::from(u16::from_be_bytes(*length)).max(2)..).unwrap_or_default()
                }
                None => return false,
            },
        };
    }
    false
}
