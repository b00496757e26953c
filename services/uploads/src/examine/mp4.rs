//! MP4 (ISO base media file format), by walking its boxes to the end. What is within a sample isn't decoded. Parsers that
//! are there to play a film pass over what they don't understand, and stop before what is appended; this doesn't.

use crate::domain::FileFault;

/// The type of a box.
type Kind = &'static [u8; 4];
/// A container that is looked into, and the boxes that must be beside it, one of either.
type Level = (Kind, &'static [&'static [Kind]]);

/// From `moov` down.
const LEVELS: &[Level] = &[
    (b"trak", &[&[b"mvhd"]]),
    (b"mdia", &[&[b"tkhd"]]),
    (b"minf", &[&[b"mdhd"], &[b"hdlr"]]),
    (b"stbl", &[]),
    (b"stsd", &[&[b"stts"], &[b"stsc"], &[b"stsz", b"stz2"], &[b"stco", b"co64"]]),
];
/// Sample entries that are encrypted.
const ENCRYPTED: &[Kind] = &[b"encv", b"enca", b"enct", b"encs", b"encm"];

/// A box: its type and what is in it.
#[derive(Clone, Copy, Debug)]
struct Part<'a> {
    kind: &'a [u8; 4],
    body: &'a [u8],
}

/// Whether a file begins as an MP4 does; a QuickTime film (.mov) is another type.
pub(super) fn begins(bytes: &[u8]) -> bool {
    bytes.get(4..8) == Some(b"ftyp") && bytes.get(8..12) != Some(b"qt  ")
}

/// An MP4 that is whole: `ftyp` first, one `moov`, an `mdat` that isn't empty, boxes to the end and nothing else.
pub(super) fn examine(bytes: &[u8]) -> Result<(), FileFault> {
    let parts = parts(bytes, true)?;
    let of = |kind: Kind| parts.iter().filter(move |part| part.kind == kind);
    let first = parts.first().filter(|part| part.kind == b"ftyp").ok_or(FileFault::Unreadable)?;
    // Major brand, its version, and any number of brands.
    if first.body.len() < 8 || !first.body.len().is_multiple_of(4) || of(b"ftyp").count() != 1 {
        return Err(FileFault::Unreadable);
    }
    let mut films = of(b"moov");
    let (Some(film), None) = (films.next(), films.next()) else { return Err(FileFault::Unreadable) };
    if of(b"mdat").all(|data| data.body.is_empty()) {
        return Err(FileFault::Unreadable);
    }
    film.walk(LEVELS)
}

impl Part<'_> {
    /// Whether a container has in it what it needs, down to the sample entries, and no deeper.
    fn walk(self, levels: &[Level]) -> Result<(), FileFault> {
        let Some(((next, beside), below)) = levels.split_first() else { return self.entries() };
        let parts = parts(self.body, false)?;
        let there = |kind: &Kind| parts.iter().any(|part| part.kind == *kind);
        if !there(next) || !beside.iter().all(|either| either.iter().any(there)) {
            return Err(FileFault::Unreadable);
        }
        parts.iter().filter(|part| part.kind == *next).try_for_each(|part| part.walk(below))
    }

    /// The sample entries: at least one, as many as it says, none of them encrypted.
    fn entries(self) -> Result<(), FileFault> {
        let (_, rest) = self.body.split_first_chunk::<4>().ok_or(FileFault::Unreadable)?;
        let (count, rest) = rest.split_first_chunk::<4>().ok_or(FileFault::Unreadable)?;
        let entries = parts(rest, false)?;
        if entries.iter().any(|entry| ENCRYPTED.contains(&entry.kind)) {
            return Err(FileFault::Encrypted);
        }
        let said = usize::try_from(u32::from_be_bytes(*count)).ok();
        if entries.is_empty() || said != Some(entries.len()) { Err(FileFault::Unreadable) } else { Ok(()) }
    }
}

/// The boxes that these bytes are, from the first byte to the last. At the top a box that goes beyond the end has lost its
/// end, and the last may say that it goes to the end; within another box either is wrong.
fn parts(bytes: &[u8], top: bool) -> Result<Vec<Part<'_>>, FileFault> {
    let short = if top { FileFault::Truncated } else { FileFault::Unreadable };
    let (mut parts, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() {
        let (size, after) = rest.split_first_chunk::<4>().ok_or(short)?;
        let (kind, after) = after.split_first_chunk::<4>().ok_or(short)?;
        if !kind.iter().all(|byte| byte.is_ascii_graphic() || matches!(byte, b' ' | 0xa9)) {
            return Err(FileFault::Unreadable);
        }
        let (size, head, after) = match u32::from_be_bytes(*size) {
            0 if top => (rest.len() as u64, 8, after),
            1 => {
                let (large, after) = after.split_first_chunk::<8>().ok_or(short)?;
                (u64::from_be_bytes(*large), 16, after)
            }
            size => (u64::from(size), 8, after),
        };
        let body = size.checked_sub(head).ok_or(FileFault::Unreadable)?;
        let body = usize::try_from(body).map_err(|_| short)?;
        let (body, next) = after.split_at_checked(body).ok_or(short)?;
        parts.push(Part { kind, body });
        rest = next;
    }
    Ok(parts)
}
