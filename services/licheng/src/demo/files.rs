//! Made files that are really PDF, PNG and JPEG, and some that are not what they say.

use std::io::{self, Cursor, Write as _};

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder as _, ImageFormat, RgbImage};

use super::random::Random;

/// Bytes that a file may have at most (U4).
const FILE_MAX: usize = 4 << 20;
/// Small files of each type.
const SMALL: usize = 20;
/// Widths of the large pictures, and bytes of the large documents: more than one segment, less than the limit.
const LARGE: [usize; 2] = [700, 960];

/// A file to hand in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Made {
    /// Its name.
    pub(crate) name: String,
    /// Its bytes.
    pub(crate) bytes: Bytes,
}

/// Files that students hand in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pool {
    /// Of 2 to 100 KiB.
    pub(crate) small: Vec<Made>,
    /// Of several segments.
    pub(crate) large: Vec<Made>,
}

impl Made {
    fn new(name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self { name: name.into(), bytes: bytes.into() }
    }
}

impl Pool {
    /// The files of a seed.
    ///
    /// # Errors
    /// None in practice: pictures are encoded in memory.
    pub(crate) fn made(seed: u64) -> io::Result<Self> {
        let (mut small, mut large) = (Vec::new(), Vec::new());
        for n in 0..SMALL {
            let mut random = Random::new(seed, &[2, n.try_into().unwrap_or(0)]);
            let side = u32::try_from(48 + random.below(100)).unwrap_or(48);
            small.push(Made::new(format!("報告{n:02}.pdf"), pdf(&mut random, n % 5 * 110)));
            small.push(Made::new(format!("作品{n:02}.png"), png(&picture(&mut random, side))?));
            small.push(Made::new(format!("照片{n:02}.jpg"), jpeg(&picture(&mut random, side * 2), 80)?));
        }
        for (n, width) in LARGE.into_iter().enumerate() {
            let mut random = Random::new(seed, &[3, n.try_into().unwrap_or(0)]);
            let side = u32::try_from(width).unwrap_or(600);
            large.push(Made::new(format!("專題{n}.pdf"), pdf(&mut random, width * 2)));
            large.push(Made::new(format!("海報{n}.png"), png(&picture(&mut random, side))?));
            large.push(Made::new(format!("紀錄{n}.jpg"), jpeg(&noise(&mut random, side * 3 / 2), 85)?));
        }
        Ok(Self { small, large })
    }

    /// The file that a number stands for: a large one now and then.
    pub(crate) fn file(&self, number: u64) -> Option<&Made> {
        let files = if number.is_multiple_of(64) { &self.large } else { &self.small };
        let at = usize::try_from(number / 64).unwrap_or(0).checked_rem(files.len())?;
        files.get(at)
    }
}

/// Files to try: what is taken, and what is refused, each for a reason of its own.
///
/// # Errors
/// None in practice.
pub(crate) fn trials(seed: u64) -> io::Result<Vec<Made>> {
    let mut random = Random::new(seed, &[4]);
    let (document, photo) = (pdf(&mut random, 0), jpeg(&picture(&mut random, 200), 80)?);
    let (large, drawing) = (pdf(&mut random, 1_200), png(&picture(&mut random, 120))?);
    let half = |bytes: &[u8]| bytes.get(..bytes.len() / 2).unwrap_or_default().to_vec();
    let mut too_large = pdf(&mut random, 0);
    too_large.resize(FILE_MAX + 10, b'\n');
    let html = "<!doctype html><title>404</title><p>查無此頁</p>\n";
    Ok(vec![
        Made::new("document.pdf", document),
        Made::new("drawing.png", drawing.clone()),
        Made::new("empty.pdf", Bytes::new()),
        Made::new("html-named.pdf", html),
        Made::new("large.pdf", large.clone()),
        Made::new("photo.jpg", photo.clone()),
        Made::new("png-named.jpg", drawing.clone()),
        Made::new("program.exe", random.bytes(2_048)),
        Made::new("script.pdf", scripted(&mut random)),
        Made::new("too-large.pdf", too_large),
        Made::new("truncated.jpg", half(&photo)),
        Made::new("truncated.pdf", half(&large)),
        Made::new("truncated.png", half(&drawing)),
    ])
}

/// A page of text, and below it a grey picture of noise with that side; none if it is 0.
fn pdf(random: &mut Random, side: usize) -> Vec<u8> {
    document(random, side, "")
}

/// A page whose opening runs a script.
fn scripted(random: &mut Random) -> Vec<u8> {
    document(random, 0, " /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>")
}

fn document(random: &mut Random, side: usize, catalog: &str) -> Vec<u8> {
    const WORDS: &[&str] = &[
        "we", "measured", "the", "river", "and", "found", "a", "pattern", "that", "students", "before", "us",
        "had", "not", "seen", "twice", "by", "hand", "with", "care",
    ];
    let mut text = "BT /F1 11 Tf 14 TL 56 786 Td\n".to_owned();
    for _ in 0..40 {
        let line: Vec<_> = (0..12).map(|_| random.one(WORDS)).collect();
        text.push_str(&format!("({}.) Tj T*\n", line.join(" ")));
    }
    text.push_str("ET\n");
    let picture = if side == 0 { "" } else { "/XObject << /P 6 0 R >> " };
    if side > 0 {
        text.push_str("q 200 0 0 200 56 20 cm /P Do Q\n");
    }
    let page = format!(
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R \
         /Resources << /Font << /F1 4 0 R >> {picture}>> >>"
    );
    let mut objects = vec![
        format!("<< /Type /Catalog /Pages 2 0 R{catalog} >>").into_bytes(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        page.into_bytes(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_vec(),
        stream("", text.as_bytes()),
    ];
    if side > 0 {
        let kind = format!(
            "/Type /XObject /Subtype /Image /Width {side} /Height {side} /ColorSpace /DeviceGray \
             /BitsPerComponent 8 "
        );
        objects.push(stream(&kind, &random.bytes(side * side)));
    }
    assembled(&objects)
}

fn stream(entries: &str, content: &[u8]) -> Vec<u8> {
    let mut object = format!("<< {entries}/Length {} >>\nstream\n", content.len()).into_bytes();
    object.extend(content);
    object.extend(b"\nendstream");
    object
}

/// Header, objects, cross-reference table and trailer.
fn assembled(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (object, number) in objects.iter().zip(1..) {
        table.push_str(&format!("{:010} 00000 n \n", file.len()));
        file.extend(format!("{number} 0 obj\n").bytes());
        file.extend(object);
        file.extend(b"\nendobj\n");
    }
    let start = file.len();
    let size = objects.len() + 1;
    file.extend(table.bytes());
    file.extend(format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n").bytes());
    file
}

/// A picture with soft areas and a noisy half.
fn picture(random: &mut Random, side: u32) -> RgbImage {
    let [red, green, blue, ..] = random.next().to_le_bytes();
    let mut noise = random.bytes(usize::try_from(side * side).unwrap_or(0) * 3).into_iter();
    let mut grain = move || noise.next().unwrap_or_default();
    let shade = |base: u8, at: u32| base.wrapping_add(u8::try_from(at * 255 / side.max(1)).unwrap_or(0));
    RgbImage::from_fn(side, side, |x, y| {
        let soft = [shade(red, x), shade(green, y), shade(blue, x / 2 + y / 2)];
        image::Rgb(if (x / 16 + y / 16) % 2 == 0 { soft } else { [grain(), grain(), grain()] })
    })
}

/// A picture of noise alone: the one that a JPEG can't make small.
fn noise(random: &mut Random, side: u32) -> RgbImage {
    let bytes = random.bytes(usize::try_from(side * side).unwrap_or(0) * 3);
    RgbImage::from_raw(side, side, bytes).unwrap_or_default()
}

fn png(picture: &RgbImage) -> io::Result<Vec<u8>> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Png).map_err(io::Error::other)?;
    file.flush()?;
    Ok(file.into_inner())
}

fn jpeg(picture: &RgbImage, quality: u8) -> io::Result<Vec<u8>> {
    let mut file = Vec::new();
    let (width, height) = picture.dimensions();
    let encoder = JpegEncoder::new_with_quality(&mut file, quality);
    let written = encoder.write_image(picture.as_raw(), width, height, ExtendedColorType::Rgb8);
    written.map_err(io::Error::other)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    /// Making them takes a while.
    static POOL: LazyLock<Pool> = LazyLock::new(|| Pool::made(7).unwrap());

    const SEGMENT: usize = 1 << 20;

    fn format_of(name: &str) -> Option<ImageFormat> {
        ImageFormat::from_path(name).ok()
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_gives_others() {
        assert_eq!(*POOL, Pool::made(7).unwrap());
        assert_eq!(trials(7).unwrap(), trials(7).unwrap());
        assert_ne!(trials(7).unwrap(), trials(8).unwrap());
    }

    #[test]
    fn sizes_run_from_two_kibibytes_to_several_segments_below_the_limit() {
        let sizes = |files: &[Made]| -> (usize, usize) {
            let sizes = files.iter().map(|file| file.bytes.len());
            (sizes.clone().min().unwrap(), sizes.max().unwrap())
        };
        let (least, most) = sizes(&POOL.small);
        assert!((1_500..4_096).contains(&least) && most < SEGMENT, "{least} {most}");
        let (least, most) = sizes(&POOL.large);
        assert!(least > SEGMENT && (3 * SEGMENT..FILE_MAX).contains(&most), "{least} {most}");
    }

    #[test]
    fn pictures_are_accepted_by_their_decoders() {
        let mut decoded = 0;
        for file in POOL.small.iter().chain(&POOL.large) {
            if let Some(format) = format_of(&file.name) {
                image::load_from_memory_with_format(&file.bytes, format).unwrap();
                decoded += 1;
            }
        }
        assert_eq!(decoded, 2 * (SMALL + LARGE.len()));
    }

    #[test]
    fn a_document_has_its_objects_where_its_table_says() {
        let file = pdf(&mut Random::new(1, &[]), 20);
        let text = String::from_utf8_lossy(&file);
        assert!(text.starts_with("%PDF-1.7\n") && text.ends_with("%%EOF\n"));
        let start: usize = text.lines().rev().nth(1).unwrap().parse().unwrap();
        let table = std::str::from_utf8(&file[start..]).unwrap();
        assert!(table.starts_with("xref\n0 7\n"));
        for (n, entry) in table.lines().skip(3).take(6).enumerate() {
            assert_eq!(entry.len(), 19, "with its line feed an entry has 20 bytes");
            let at: usize = entry[..10].parse().unwrap();
            assert!(file[at..].starts_with(format!("{} 0 obj\n", n + 1).as_bytes()));
        }
    }

    #[test]
    fn bad_files_are_bad() {
        let trials = trials(1).unwrap();
        let file = |name: &str| &trials.iter().find(|file| file.name == name).unwrap().bytes;
        assert!(file("empty.pdf").is_empty());
        assert_eq!(file("too-large.pdf").len(), FILE_MAX + 10);
        for name in ["truncated.png", "png-named.jpg"] {
            let format = format_of(name).unwrap();
            assert!(image::load_from_memory_with_format(file(name), format).is_err(), "{name}");
        }
        assert!(!file("truncated.jpg").ends_with(b"\xff\xd9"), "its end is missing");
    }
}
