//! MP3, by walking it frame by frame to its end. Decoders look for the next frame where one is broken, and so take what
//! is cut or has something else inside; this doesn't.

use crate::domain::FileFault;

/// Bytes of an ID3v2 tag's header, and of its footer.
const ID3_HEADER: usize = 10;
/// Bytes of an ID3v1 tag.
const ID3V1: usize = 128;
/// Bytes of an APE tag's header, and of its footer.
const APE_FOOTER: usize = 32;
/// Bytes of a frame's header.
const HEADER: usize = 4;
/// A file of a single frame, of a fortieth of a second, is chance.
const FRAMES_MIN: usize = 2;
/// Thousands of bits a second by a header's index, of MPEG-1 layer III; 0 and 15 are none.
const BIT_RATES: [usize; 14] = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
/// The same of MPEG-2 and 2.5.
const LOW_BIT_RATES: [usize; 14] = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
/// Samples a second by a header's index, of MPEG-1; of MPEG-2 half, of 2.5 a quarter.
const SAMPLE_RATES: [usize; 3] = [44_100, 48_000, 32_000];

/// What a frame's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Frame {
    /// Bytes of the frame, its header among them.
    size: usize,
    /// Samples a second: the same in every frame of a file.
    rate: usize,
}

/// Whether a file begins as an MP3 does.
pub(super) fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(b"ID3") || Frame::read(bytes).is_some()
}

/// An MP3 that is whole: tags before, frames to the end, tags behind, and nothing else.
pub(super) fn examine(bytes: &[u8]) -> Result<(), FileFault> {
    let mut rest = without_tags_behind(without_tags_before(bytes)?)?;
    let (mut frames, mut rate) = (0_usize, None);
    while !rest.is_empty() {
        if rest.len() < HEADER {
            return Err(FileFault::Truncated);
        }
        let frame = Frame::read(rest).ok_or(FileFault::Unreadable)?;
        if *rate.get_or_insert(frame.rate) != frame.rate {
            return Err(FileFault::Unreadable);
        }
        rest = rest.get(frame.size..).ok_or(FileFault::Truncated)?;
        frames += 1;
    }
    if frames < FRAMES_MIN { Err(FileFault::Unreadable) } else { Ok(()) }
}

impl Frame {
    /// The frame that begins here, if one does.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (&[sync, kind, rates, _], _) = bytes.split_first_chunk::<HEADER>()?;
        // Eleven bits that are set; layer III has 01.
        if sync != 0xff || kind & 0xe0 != 0xe0 || kind & 0x06 != 0x02 {
            return None;
        }
        let (bit_rates, factor, shift) = match kind & 0x18 {
            0x18 => (BIT_RATES, 144, 0),
            0x10 => (LOW_BIT_RATES, 72, 1),
            0x00 => (LOW_BIT_RATES, 72, 2),
            _ => return None,
        };
        let bit_rate = bit_rates.get(usize::from(rates >> 4).checked_sub(1)?)?;
        let rate = SAMPLE_RATES.get(usize::from((rates >> 2) & 3))? >> shift;
        let padding = usize::from((rates >> 1) & 1);
        Some(Self { size: factor * bit_rate * 1_000 / rate + padding, rate })
    }
}

/// What comes behind the ID3v2 tags.
fn without_tags_before(bytes: &[u8]) -> Result<&[u8], FileFault> {
    let mut rest = bytes;
    while rest.starts_with(b"ID3") {
        let (header, _) = rest.split_first_chunk::<ID3_HEADER>().ok_or(FileFault::Truncated)?;
        let [_, _, _, version, revision, flags, size @ ..] = *header;
        if !(2..=4).contains(&version) || revision == 0xff || size.iter().any(|byte| *byte >= 0x80) {
            return Err(FileFault::Unreadable);
        }
        // Seven bits a byte.
        let size = size.iter().fold(0, |sum, byte| (sum << 7) | usize::from(*byte));
        let footer = if version == 4 && flags & 0x10 != 0 { ID3_HEADER } else { 0 };
        rest = rest.get(ID3_HEADER + size + footer..).ok_or(FileFault::Truncated)?;
    }
    Ok(rest)
}

/// What comes before an ID3v1 tag, and an APE tag before that.
fn without_tags_behind(bytes: &[u8]) -> Result<&[u8], FileFault> {
    let mut rest = bytes;
    if let Some((before, tag)) = split_behind(rest, ID3V1)
        && tag.starts_with(b"TAG")
    {
        rest = before;
    }
    let Some((_, footer)) = split_behind(rest, APE_FOOTER) else { return Ok(rest) };
    let Some((b"APETAGEX", after)) = footer.split_first_chunk::<8>() else { return Ok(rest) };
    let word = |at: usize| after.get(at..at + 4).and_then(|word| word.first_chunk::<4>());
    let (Some(size), Some(flags)) = (word(4), word(12)) else { return Err(FileFault::Unreadable) };
    // The size counts the items and this footer; a bit says whether a header stands before them.
    let header = if u32::from_le_bytes(*flags) >> 31 == 1 { APE_FOOTER } else { 0 };
    let size = usize::try_from(u32::from_le_bytes(*size)).ok().filter(|size| *size >= APE_FOOTER);
    let size = size.and_then(|size| size.checked_add(header)).ok_or(FileFault::Unreadable)?;
    let (before, _) = split_behind(rest, size).ok_or(FileFault::Unreadable)?;
    Ok(before)
}

/// The last so many bytes, and what comes before.
fn split_behind(bytes: &[u8], size: usize) -> Option<(&[u8], &[u8])> {
    bytes.split_at_checked(bytes.len().checked_sub(size)?)
}
