//! Sounds and films, made here box by box and frame by frame.

use proptest::prelude::*;

use super::{mutated, plain};
use crate::domain::{FileFault, MediaType};
use crate::examine::examine;

/// A frame of MPEG-1 layer III, 128 kbit/s at 44,100 Hz: 417 bytes, or 418 with padding.
fn frame(padded: bool) -> Vec<u8> {
    let mut frame = vec![0xff, 0xfb, if padded { 0x92 } else { 0x90 }, 0x64];
    frame.resize(if padded { 418 } else { 417 }, 0x55);
    frame
}

fn frames(count: usize) -> Vec<u8> {
    (0..count).flat_map(|n| frame(n % 3 == 1)).collect()
}

fn id3v2(version: u8, flags: u8, body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(body.len()).unwrap();
    let size = [21, 14, 7, 0].map(|shift| ((size >> shift) & 0x7f) as u8);
    let tag = [b"ID3".as_slice(), &[version, 0, flags], &size, body].concat();
    if flags & 0x10 == 0 { tag } else { [tag.as_slice(), b"3DI", &[version, 0, flags], &size].concat() }
}

fn id3v1() -> Vec<u8> {
    let mut tag = b"TAG".to_vec();
    tag.resize(128, b' ');
    tag
}

/// An APE tag of one item, with a header or without.
fn ape(header: bool) -> Vec<u8> {
    let item = [&5_u32.to_le_bytes()[..], &0_u32.to_le_bytes(), b"Title\0", b"hello"].concat();
    let size = u32::try_from(item.len() + 32).unwrap();
    let end = |flags: u32| {
        let parts = [b"APETAGEX".as_slice(), &2_000_u32.to_le_bytes(), &size.to_le_bytes()];
        [parts.concat(), [1_u32.to_le_bytes(), flags.to_le_bytes()].concat(), vec![0; 8]].concat()
    };
    match header {
        true => [end(0xa000_0000), item, end(0x8000_0000)].concat(),
        false => [item, end(0)].concat(),
    }
}

/// A small MP3 with a tag before and one behind.
pub(crate) fn mp3() -> Vec<u8> {
    [id3v2(4, 0, &[0; 300]), frames(12), id3v1()].concat()
}

fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let size = u32::try_from(body.len() + 8).unwrap();
    [&size.to_be_bytes(), kind.as_slice(), &body].concat()
}

fn ftyp(brand: &[u8; 4]) -> Vec<u8> {
    boxed(b"ftyp", &[brand, &[0, 0, 2, 0], b"isom", b"mp41"])
}

/// The sample table, without one of its boxes if that is named.
fn stbl(entry: &[u8; 4], without: &str) -> Vec<u8> {
    let entry = boxed(entry, &[&[0; 28]]);
    let stsd = boxed(b"stsd", &[&[0; 4], &[0, 0, 0, 1], &entry]);
    let others = [b"stts", b"stsc", b"stsz", b"stco"].map(|kind| boxed(kind, &[&[0; 12]]));
    let all = [vec![stsd], others.to_vec()].concat();
    let kept = all.iter().filter(|it| it[4..8] != *without.as_bytes());
    boxed(b"stbl", &[&kept.flatten().copied().collect::<Vec<_>>()])
}

fn moov(stbl: &[u8]) -> Vec<u8> {
    let minf = boxed(b"minf", &[&boxed(b"smhd", &[&[0; 8]]), stbl]);
    let mdia = boxed(b"mdia", &[&boxed(b"mdhd", &[&[0; 24]]), &boxed(b"hdlr", &[&[0; 25]]), &minf]);
    let trak = boxed(b"trak", &[&boxed(b"tkhd", &[&[0; 84]]), &mdia]);
    boxed(b"moov", &[&boxed(b"mvhd", &[&[0; 100]]), &trak, &boxed(b"udta", &[&[0; 4]])])
}

fn mdat() -> Vec<u8> {
    boxed(b"mdat", &[&[7; 900]])
}

/// A small MP4.
pub(crate) fn mp4() -> Vec<u8> {
    [ftyp(b"isom"), boxed(b"free", &[]), mdat(), moov(&stbl(b"mp4a", ""))].concat()
}

#[test]
fn u4_an_mp3_and_an_mp4_are_taken() {
    assert_eq!(examine("演奏.mp3", &mp3()), Ok(MediaType::Mp3));
    assert_eq!(examine("a.MP4", &mp4()), Ok(MediaType::Mp4));
}

#[test]
fn u4_a_name_that_says_another_type_of_media_is_refused() {
    let film = [ftyp(b"qt  "), mdat(), moov(&stbl(b"mp4a", ""))].concat();
    for (name, bytes) in [
        ("a.mp4", mp3()),
        ("a.mp3", mp4()),
        ("a.pdf", mp4()),
        ("a.mp3", plain()),
        ("a.mp4", b"RIFF\0\0\0\0WAVEfmt ".to_vec()),
        ("a.mp4", film),
        ("a.mp3", b"<html><script>alert(1)</script></html>".to_vec()),
    ] {
        assert_eq!(examine(name, &bytes), Err(FileFault::NameSaysOtherwise), "{name}");
    }
}

#[test]
fn u4_media_have_10_mib_and_documents_4() {
    let long = |size: usize| {
        let (begin, end) = (ftyp(b"isom"), moov(&stbl(b"mp4a", "")));
        let data = vec![7; size - begin.len() - end.len() - 8];
        [begin, boxed(b"mdat", &[&data]), end].concat()
    };
    assert_eq!(examine("a.mp4", &long(10_485_760)), Ok(MediaType::Mp4));
    assert_eq!(examine("a.mp4", &long(10_485_761)), Err(FileFault::TooLarge));
    assert_eq!(examine("a.mp3", &frames(25_125)), Ok(MediaType::Mp3));
    assert_eq!(examine("a.mp3", &frames(25_126)), Err(FileFault::TooLarge));
    assert_eq!(examine("a.pdf", &long(4_194_305)), Err(FileFault::TooLarge));
    assert_eq!(examine("a.mp4", b""), Err(FileFault::Empty));
}

#[test]
fn u4_an_mp3_is_frames_between_tags_and_nothing_else() {
    let sound = || frames(5);
    for good in [
        sound(),
        [id3v2(2, 0, b""), sound()].concat(),
        [id3v2(3, 0, &[0; 200]), id3v2(4, 0x10, &[0; 9]), sound()].concat(),
        [sound(), id3v1()].concat(),
        [sound(), ape(true)].concat(),
        [sound(), ape(false), id3v1()].concat(),
    ] {
        assert_eq!(examine("a.mp3", &good), Ok(MediaType::Mp3));
    }
    let mut other_rate = frame(false);
    other_rate[2] = 0x94;
    for (bad, fault) in [
        ([sound(), b"MZ and a program".to_vec()].concat(), FileFault::Unreadable),
        ([sound(), vec![0; 64], sound()].concat(), FileFault::Unreadable),
        ([sound(), other_rate, sound()].concat(), FileFault::Unreadable),
        (frame(false), FileFault::Unreadable),
        (id3v2(4, 0, &[0; 99]), FileFault::Unreadable),
        ([id3v2(9, 0, b""), sound()].concat(), FileFault::Unreadable),
        (b"ID3\x04\0\0\xff\xff\xff\xff".to_vec(), FileFault::Unreadable),
        (b"ID3\x04\0\0\x7f\x7f\x7f\x7f".to_vec(), FileFault::Truncated),
        (b"ID3\x04".to_vec(), FileFault::Truncated),
        ([sound(), vec![0xff, 0xfb]].concat(), FileFault::Truncated),
    ] {
        assert_eq!(examine("a.mp3", &bad), Err(fault));
    }
    // A tag behind that would reach beyond the beginning.
    let mut tag = ape(false);
    let at = tag.len() - 20;
    tag[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(examine("a.mp3", &[sound(), tag].concat()), Err(FileFault::Unreadable));
}

#[test]
fn u4_frames_of_every_version_are_walked() {
    // Version, index of the bit rate, index of the sample rate, bytes.
    for (kind, rates, size) in [
        (0xfb, 0xe4, 960),
        (0xfa, 0x18, 144),
        (0xf3, 0x80, 208),
        (0xf3, 0xe8, 720),
        (0xe3, 0x10, 52),
        (0xe3, 0x14, 48),
    ] {
        let mut frame = vec![0xff, kind, rates, 0];
        frame.resize(size, 0);
        assert_eq!(examine("a.mp3", &frame.repeat(4)), Ok(MediaType::Mp3), "{kind:x} {rates:x}");
        let cut = &frame.repeat(4)[..size * 4 - 1];
        assert_eq!(examine("a.mp3", cut), Err(FileFault::Truncated));
    }
    // Layers I and II, the version that is none, bit rates and a sample rate that are none.
    for (kind, rates) in [(0xff, 0x90), (0xfd, 0x90), (0xeb, 0x90), (0xfb, 0x00), (0xfb, 0xf0), (0xfb, 0x9c)]
    {
        let mut other = vec![0xff, kind, rates, 0];
        other.resize(417, 0);
        let bytes = [frames(2), other, frames(2)].concat();
        assert_eq!(examine("a.mp3", &bytes), Err(FileFault::Unreadable), "{kind:x} {rates:x}");
    }
}

#[test]
fn u4_an_mp4_is_boxes_to_its_end_and_nothing_else() {
    let (begin, film) = (|| ftyp(b"mp42"), || moov(&stbl(b"avc1", "")));
    let large = [&[0, 0, 0, 1], b"mdat".as_slice(), &(916_u64).to_be_bytes(), &[7; 900]].concat();
    let open = [&[0; 4], b"mdat".as_slice(), &[7; 900]].concat();
    for good in [
        [begin(), film(), mdat()].concat(),
        [begin(), film(), large].concat(),
        [begin(), film(), open.clone()].concat(),
        [begin(), mdat(), boxed(b"uuid", &[&[1; 16]]), film(), mdat()].concat(),
    ] {
        assert_eq!(examine("a.mp4", &good), Ok(MediaType::Mp4));
    }
    let short = [&[0, 0, 0, 7], b"mdat".as_slice(), &[7; 900]].concat();
    let small = [&[0, 0, 0, 1], b"mdat".as_slice(), &15_u64.to_be_bytes(), &[7; 900]].concat();
    let huge = [&[0, 0, 0, 1], b"mdat".as_slice(), &u64::MAX.to_be_bytes(), &[7; 900]].concat();
    let inner = boxed(b"moov", &[&[0, 0, 0, 99], b"mvhd"]);
    let to_the_end = boxed(b"moov", &[&[0; 4], b"mvhd"]);
    for (bad, fault) in [
        ([begin(), film()].concat(), FileFault::Unreadable),
        ([begin(), mdat()].concat(), FileFault::Unreadable),
        ([begin(), film(), boxed(b"mdat", &[])].concat(), FileFault::Unreadable),
        ([begin(), film(), film(), mdat()].concat(), FileFault::Unreadable),
        ([begin(), begin(), film(), mdat()].concat(), FileFault::Unreadable),
        ([boxed(b"ftyp", &[b"isom"]), film(), mdat()].concat(), FileFault::Unreadable),
        ([begin(), film(), short].concat(), FileFault::Unreadable),
        ([begin(), film(), small].concat(), FileFault::Unreadable),
        ([begin(), film(), huge].concat(), FileFault::Truncated),
        ([begin(), inner, mdat()].concat(), FileFault::Unreadable),
        ([begin(), to_the_end, mdat()].concat(), FileFault::Unreadable),
        ([begin(), film(), mdat(), b"PK\x03\x04 and an archive".to_vec()].concat(), FileFault::Truncated),
        (
            [begin(), film(), mdat(), b"\0\0\0\x0c\x01\x02\x03\x04rest".to_vec()].concat(),
            FileFault::Unreadable,
        ),
        ([begin(), film(), mdat(), b"MZ".to_vec()].concat(), FileFault::Truncated),
    ] {
        assert_eq!(examine("a.mp4", &bad), Err(fault));
    }
    for lacking in ["stsd", "stts", "stsc", "stsz", "stco"] {
        let bytes = [begin(), moov(&stbl(b"avc1", lacking)), mdat()].concat();
        assert_eq!(examine("a.mp4", &bytes), Err(FileFault::Unreadable), "{lacking}");
    }
}

#[test]
fn u4_an_encrypted_film_is_refused() {
    for entry in [b"encv", b"enca"] {
        let bytes = [ftyp(b"isom"), moov(&stbl(entry, "")), mdat()].concat();
        assert_eq!(examine("a.mp4", &bytes), Err(FileFault::Encrypted));
    }
    let lying = boxed(b"stsd", &[&[0; 4], &[0, 0, 0, 2], &boxed(b"mp4a", &[&[0; 28]])]);
    let table = stbl(b"mp4a", "stsd");
    let bytes = [ftyp(b"isom"), moov(&boxed(b"stbl", &[&table[8..], &lying])), mdat()].concat();
    assert_eq!(examine("a.mp4", &bytes), Err(FileFault::Unreadable));
}

#[test]
fn u4_boxes_within_boxes_come_to_an_end() {
    // A hundred thousand deep: whoever follows them all runs out of stack.
    let (levels, table) = (100_000_usize, stbl(b"mp4a", ""));
    let head = |level: usize| {
        let size = u32::try_from(table.len() + 16 * (levels - level)).unwrap();
        [size.to_be_bytes(), *b"minf"].concat()
    };
    let heads: Vec<u8> = (0..levels).flat_map(head).collect();
    let deep = [heads, table.clone(), b"\0\0\0\x08stbl".repeat(levels)].concat();
    let bytes = [ftyp(b"isom"), moov(&deep), mdat()].concat();
    assert_eq!(examine("a.mp4", &bytes), Err(FileFault::Unreadable));
}

#[test]
fn u4_media_that_have_lost_their_end_are_refused() {
    let sound = frames(5);
    for kept in [sound.len() - 1, sound.len() - 200] {
        assert_eq!(examine("a.mp3", &sound[..kept]), Err(FileFault::Truncated), "{kept}");
    }
    let film = mp4();
    for kept in [film.len() - 1, film.len() - 300, 60, 30] {
        assert_eq!(examine("a.mp4", &film[..kept]), Err(FileFault::Truncated), "{kept}");
    }
}

proptest! {
    #[test]
    fn u4_whatever_the_bytes_of_media_there_is_a_verdict(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        for (name, begin) in [
            ("a.mp3", b"ID3\x04\0\0\0\0\0\x10".as_slice()),
            ("a.mp3", b"\xff\xfb\x90\x64"),
            ("a.mp4", b"\0\0\0\x10ftypisom\0\0\0\0"),
            ("a.mp4", b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x40moov"),
        ] {
            let _ = examine(name, &bytes);
            prop_assert!(examine(name, &[begin, &bytes].concat()).is_err());
        }
    }

    #[test]
    fn u4_whatever_was_changed_in_an_mp3_there_is_a_verdict(bytes in mutated(mp3())) {
        let _ = examine("a.mp3", &bytes);
    }

    #[test]
    fn u4_whatever_was_changed_in_an_mp4_there_is_a_verdict(bytes in mutated(mp4())) {
        let _ = examine("a.mp4", &bytes);
    }

    /// Wherever they are cut, but where only tags behind or nothing was lost.
    #[test]
    fn u4_media_that_are_cut_anywhere_are_refused(at in any::<prop::sample::Index>()) {
        let (sound, film) = (frames(5), mp4());
        let cut = at.index(film.len());
        prop_assert!(examine("a.mp4", &film[..cut]).is_err());
        let cut = at.index(sound.len());
        let whole = (0..5).any(|n| frames(n).len() == cut && n >= 2);
        prop_assert_eq!(examine("a.mp3", &sound[..cut]).is_ok(), whole);
    }
}
