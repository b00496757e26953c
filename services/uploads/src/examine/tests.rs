pub(crate) mod media;

use std::io::Cursor;

use ::image::{DynamicImage, ImageFormat};
use lopdf::{Dictionary, Document, Object, ObjectId, SaveOptions, Stream, StringFormat, dictionary};
use proptest::prelude::*;

use super::*;

/// A PDF of one page with these entries in its catalog and page, and these objects beside them.
fn pdf(catalog: Dictionary, page: Dictionary, objects: Vec<Object>) -> Vec<u8> {
    let mut bytes = Vec::new();
    document(catalog, page, objects).save_to(&mut bytes).unwrap();
    bytes
}

fn document(mut catalog: Dictionary, mut page: Dictionary, objects: Vec<Object>) -> Document {
    let mut document = Document::with_version("1.5");
    // Whoever refers to the objects finds them from number 1 on.
    objects.into_iter().for_each(|object| {
        document.add_object(object);
    });
    let text = Stream::new(dictionary! {}, b"BT /F1 12 Tf (Hello) Tj ET".to_vec());
    let (text, pages) = (document.add_object(text), document.new_object_id());
    page.extend(&dictionary! { "Type" => "Page", "Parent" => pages, "Contents" => text });
    let page = document.add_object(page);
    let tree = dictionary! { "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1 };
    document.objects.insert(pages, tree.into());
    catalog.extend(&dictionary! { "Type" => "Catalog", "Pages" => pages });
    let catalog = document.add_object(catalog);
    document.trailer.set("Root", catalog);
    document
}

fn plain() -> Vec<u8> {
    pdf(dictionary! {}, dictionary! {}, Vec::new())
}

fn object(n: u32) -> Object {
    Object::Reference((n, 0))
}

fn words(text: &str) -> Object {
    Object::String(text.into(), StringFormat::Literal)
}

fn encoded(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let image = DynamicImage::from(::image::RgbImage::from_fn(64, 48, |x, y| {
        ::image::Rgb([(x * 3) as u8, (y * 5) as u8, (x ^ y) as u8])
    }));
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A chunk of a PNG with a checksum that is right.
fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = !0_u32;
    for byte in kind.iter().chain(data) {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    [&(data.len() as u32).to_be_bytes(), kind.as_slice(), data, &(!crc).to_be_bytes()].concat()
}

#[test]
fn u4_a_pdf_a_png_and_a_jpeg_are_taken() {
    assert_eq!(examine("a.pdf", &plain()), Ok(MediaType::Pdf));
    assert_eq!(examine("a.PNG", &encoded(ImageFormat::Png)), Ok(MediaType::Png));
    assert_eq!(examine("a.jpg", &encoded(ImageFormat::Jpeg)), Ok(MediaType::Jpeg));
    assert_eq!(examine("a.jpeg", &encoded(ImageFormat::Jpeg)), Ok(MediaType::Jpeg));
}

#[test]
fn u4_a_pdf_with_streams_of_objects_is_taken() {
    let mut bytes = Vec::new();
    let options = SaveOptions::builder().use_object_streams(true).use_xref_streams(true).build();
    let objects = (0..50).map(|n| dictionary! { "N" => n }.into()).collect();
    document(dictionary! {}, dictionary! {}, objects).save_with_options(&mut bytes, options).unwrap();
    assert!(bytes.windows(6).any(|window| window == b"ObjStm"));
    assert_eq!(examine("a.pdf", &bytes), Ok(MediaType::Pdf));
}

#[test]
fn u4_size_and_ending_come_first() {
    assert_eq!(examine("a.pdf", b""), Err(FileFault::Empty));
    let mut long = plain();
    long.resize(4_194_305, b' ');
    assert_eq!(examine("a.pdf", &long), Err(FileFault::TooLarge));
    assert_eq!(examine("a.docx", &plain()), Err(FileFault::EndingNotTaken));
}

#[test]
fn u4_content_decides_and_not_the_name() {
    let (png, jpeg) = (encoded(ImageFormat::Png), encoded(ImageFormat::Jpeg));
    for (name, bytes) in [
        ("a.jpg", &png),
        ("a.pdf", &png),
        ("a.png", &jpeg),
        ("a.jpg", &plain()),
        ("a.pdf", &b"<html><script>alert(1)</script></html>".to_vec()),
        // A page that carries a document inside is still a page.
        ("a.pdf", &[b"<html><!--".as_slice(), &plain(), b"-->"].concat()),
    ] {
        assert_eq!(examine(name, bytes), Err(FileFault::NameSaysOtherwise), "{name}");
    }
    let marked = [b"\xef\xbb\xbf\r\n".as_slice(), &plain()].concat();
    assert_eq!(examine("a.pdf", &marked), Ok(MediaType::Pdf));
}

#[test]
fn u4_what_has_lost_its_end_is_refused() {
    for (name, bytes) in [
        ("a.pdf", pdf(dictionary! {}, dictionary! {}, vec![words(&"x".repeat(3_000))])),
        ("a.png", encoded(ImageFormat::Png)),
        ("a.jpg", encoded(ImageFormat::Jpeg)),
    ] {
        for kept in [bytes.len() * 3 / 4, bytes.len() - 8] {
            assert_eq!(examine(name, &bytes[..kept]), Err(FileFault::Truncated), "{name} {kept}");
        }
    }
}

#[test]
fn u4_an_encrypted_pdf_is_refused_however_it_says_so() {
    let handler = dictionary! {
        "Filter" => "Standard", "V" => 1, "R" => 2, "P" => -4, "O" => words(&"o".repeat(32)),
        "U" => words(&"u".repeat(32)),
    };
    let mut encrypted = document(dictionary! {}, dictionary! {}, vec![handler.into()]);
    encrypted.trailer.set("Encrypt", object(1));
    encrypted.trailer.set("ID", vec![words("0123456789abcdef"), words("0123456789abcdef")]);
    let mut bytes = Vec::new();
    encrypted.save_to(&mut bytes).unwrap();
    assert_eq!(examine("a.pdf", &bytes), Err(FileFault::Encrypted));
    for spelling in ["/#45ncrypt", "/Encryp#74"] {
        let text = String::from_utf8_lossy(&bytes).replace("/Encrypt", spelling);
        // It is longer by two bytes, all of them behind the table of objects.
        assert_eq!(examine("a.pdf", text.as_bytes()), Err(FileFault::Encrypted), "{spelling}");
    }
    // A text that speaks of it is not encrypted.
    let speaks = pdf(dictionary! {}, dictionary! {}, vec![words("what /Encrypt means")]);
    assert_eq!(examine("a.pdf", &speaks), Ok(MediaType::Pdf));
}

#[test]
fn u4_a_pdf_that_carries_a_file_is_refused() {
    let file = || Stream::new(dictionary! {}, b"MZ".to_vec()).into();
    let specification = || dictionary! { "F" => words("a.exe"), "EF" => dictionary! { "F" => object(1) } };
    let tree = dictionary! { "Names" => vec![words("a.exe"), object(2)] };
    let names = dictionary! { "Names" => dictionary! { "EmbeddedFiles" => tree } };
    let beside = dictionary! { "AF" => vec![object(2)] };
    let annotation = dictionary! { "Subtype" => "FileAttachment", "FS" => specification() };
    let annotated = dictionary! { "Annots" => vec![annotation.into()] };
    for (catalog, page) in [(names, dictionary! {}), (beside, dictionary! {}), (dictionary! {}, annotated)] {
        let bytes = pdf(catalog, page, vec![file(), specification().into()]);
        assert_eq!(examine("a.pdf", &bytes), Err(FileFault::Embedded));
    }
    let typed = Stream::new(dictionary! { "Type" => "EmbeddedFile" }, b"MZ".to_vec());
    let bytes = pdf(dictionary! {}, dictionary! {}, vec![typed.into()]);
    assert_eq!(examine("a.pdf", &bytes), Err(FileFault::Embedded));
}

#[test]
fn u4_a_font_or_picture_called_ef_is_no_file() {
    let font = dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica" };
    let resources =
        dictionary! { "Resources" => dictionary! { "Font" => dictionary! { "EF" => object(1) } } };
    let bytes = pdf(dictionary! {}, resources, vec![font.into()]);
    assert_eq!(examine("a.pdf", &bytes), Ok(MediaType::Pdf));
}

#[test]
fn u4_a_pdf_that_acts_by_itself_is_refused() {
    let script = || dictionary! { "S" => "JavaScript", "JS" => words("app.alert(1)") };
    let launch = dictionary! { "S" => "Launch", "F" => words("calc.exe") };
    let chained = dictionary! { "S" => "GoTo", "D" => words("x"), "Next" => vec![script().into()] };
    let rendition = dictionary! { "S" => "Rendition", "JS" => words("x") };
    let named = dictionary! { "JavaScript" => dictionary! { "Names" => vec![words("x"), script().into()] } };
    let form = dictionary! { "XFA" => words("<xdp/>") };
    for catalog in [
        dictionary! { "OpenAction" => script() },
        dictionary! { "OpenAction" => launch },
        dictionary! { "OpenAction" => chained },
        dictionary! { "AA" => dictionary! { "WC" => rendition } },
        dictionary! { "Names" => named },
        dictionary! { "AcroForm" => form },
    ] {
        let bytes = pdf(catalog.clone(), dictionary! {}, Vec::new());
        assert_eq!(examine("a.pdf", &bytes), Err(FileFault::Active), "{catalog:?}");
    }
    let spelled = pdf(dictionary! { "OpenAction" => script() }, dictionary! {}, Vec::new());
    let spelled = String::from_utf8_lossy(&spelled).replace("/JavaScript", "/J#61vaScript");
    assert_eq!(examine("a.pdf", spelled.as_bytes()), Err(FileFault::Active));
}

#[test]
fn u4_annotations_links_and_odd_metadata_are_fine() {
    let link = dictionary! {
        "Subtype" => "Link", "A" => dictionary! { "S" => "URI", "URI" => words("https://example.org") },
    };
    let note = dictionary! { "Subtype" => "Text", "Contents" => words("JavaScript") };
    let goes = dictionary! { "OpenAction" => dictionary! { "S" => "GoTo", "D" => words("x") } };
    let annotated = dictionary! { "Annots" => vec![link.into(), note.into()] };
    let mut odd = document(goes, annotated, Vec::new());
    odd.trailer.set("Info", dictionary! { "Title" => vec![Object::Null], "CreationDate" => words("?") });
    let mut bytes = Vec::new();
    odd.save_to(&mut bytes).unwrap();
    assert_eq!(examine("a.pdf", &bytes), Ok(MediaType::Pdf));
}

#[test]
fn u4_what_shows_nothing_or_can_not_be_read_is_refused() {
    for bytes in [b"%PDF-1.4\n%%EOF\n".to_vec(), b"%PDF-%%EOF".to_vec()] {
        assert_eq!(examine("a.pdf", &bytes), Err(FileFault::Unreadable));
    }
    let mut pageless = document(dictionary! {}, dictionary! {}, Vec::new());
    pageless.objects.retain(|_, object| !object.as_dict().is_ok_and(|it| it.has_type(b"Page")));
    let mut bytes = Vec::new();
    pageless.save_to(&mut bytes).unwrap();
    assert_eq!(examine("a.pdf", &bytes), Err(FileFault::Unreadable));
    let mut png = encoded(ImageFormat::Png);
    png[40] ^= 0xff;
    assert_eq!(examine("a.png", &png), Err(FileFault::Unreadable));
}

#[test]
fn u4_an_image_of_too_many_pixels_is_refused_before_it_takes_memory() {
    let header = [60_000_u32.to_be_bytes(), 60_000_u32.to_be_bytes()].concat();
    let header = chunk(b"IHDR", &[header.as_slice(), &[16, 6, 0, 0, 0]].concat());
    let png =
        [b"\x89PNG\r\n\x1a\n".as_slice(), &header, &chunk(b"IDAT", &[0]), &chunk(b"IEND", &[])].concat();
    assert_eq!(examine("a.png", &png), Err(FileFault::TooManyPixels));
    let mut jpeg = encoded(ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|pair| matches!(pair, [0xff, 0xc0])).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    assert_eq!(examine("a.jpg", &jpeg), Err(FileFault::TooManyPixels));
}

/// A PDF written by hand: a page, a catalog, one more object, and as many places of the table that lead to that.
fn by_hand(object: &[u8], places: usize) -> Vec<u8> {
    let begin = b"%PDF-1.5\n1 0 obj\n<</Type/Page>>\nendobj\n2 0 obj\n<</Type/Catalog>>\nendobj\n3 0 obj\n";
    let place = |object: &[u8]| begin.windows(object.len()).position(|window| window == object).unwrap();
    let body = [begin.as_slice(), object, b"\nendobj\n"].concat();
    let [one, two, three] = [b"1 0 obj", b"2 0 obj", b"3 0 obj"].map(|object| place(object));
    let same = format!("{three:010} 00000 n \n").repeat(places);
    let rows = format!("{:010} 65535 f \n{one:010} 00000 n \n{two:010} 00000 n \n{same}", 0);
    let (count, start) = (rows.len() / 20, body.len());
    let end = format!("trailer\n<</Size {count}/Root 2 0 R>>\nstartxref\n{start}\n%%EOF\n");
    [body.as_slice(), format!("xref\n0 {count}\n{rows}{end}").as_bytes()].concat()
}

/// A stream of objects with that index.
fn packed(index: &str, content: &[u8]) -> Vec<u8> {
    let first = i64::try_from(index.len()).unwrap();
    let mut stream = Stream::new(dictionary! { "First" => first }, [index.as_bytes(), content].concat());
    stream.compress().unwrap();
    let count = index.split_whitespace().count() / 2;
    let filter = if stream.dict.has(b"Filter") { "/Filter/FlateDecode" } else { "" };
    let length = stream.content.len();
    let head = format!("<</Type/ObjStm/N {count}/First {first}/Length {length}{filter}>>\nstream\n");
    [head.as_bytes(), &stream.content, b"\nendstream"].concat()
}

#[test]
fn u4_a_pdf_that_takes_too_much_to_parse_is_refused() {
    let list = format!("[{}]", "1 ".repeat(50_000));
    assert_eq!(examine("a.pdf", &by_hand(&packed("900 0 ", list.as_bytes()), 1)), Ok(MediaType::Pdf));
    // Many objects that stand at one place of a stream.
    let again: String = (900..5_000).map(|n| format!("{n} 0 ")).collect();
    let bomb = by_hand(&packed(&again, list.as_bytes()), 1);
    assert_eq!(examine("a.pdf", &bomb), Err(FileFault::Unreadable));
    // A stream that unpacks to much.
    let bomb = by_hand(&packed("900 0 ", &vec![b' '; 5 << 20]), 1);
    assert!(bomb.len() < 10_000);
    assert_eq!(examine("a.pdf", &bomb), Err(FileFault::Unreadable));
    // Many places of the table that lead to one object.
    assert_eq!(examine("a.pdf", &by_hand(list.as_bytes(), 1)), Ok(MediaType::Pdf));
    assert_eq!(examine("a.pdf", &by_hand(list.as_bytes(), 1_000)), Err(FileFault::Unreadable));
}

#[test]
fn u4_a_script_in_a_stream_of_objects_is_found() {
    let script = packed("900 0 ", b"<</S/JavaScript/JS(app.alert(1))>>");
    assert_eq!(examine("a.pdf", &by_hand(&script, 1)), Err(FileFault::Active));
}

#[test]
fn u4_what_refers_to_itself_comes_to_an_end() {
    let ring: ObjectId = (1, 0);
    let looped = dictionary! { "EF" => Object::Reference(ring), "S" => Object::Reference(ring) };
    let bytes =
        pdf(dictionary! { "AcroForm" => Object::Reference(ring) }, dictionary! {}, vec![looped.into()]);
    assert!(examine("a.pdf", &bytes).is_ok());
    let bytes = pdf(dictionary! {}, dictionary! { "EF" => object(1) }, vec![object(2), object(1)]);
    assert!(examine("a.pdf", &bytes).is_ok());
    let deep = format!("1 0 obj\n{}\nendobj", "[".repeat(100_000));
    let bytes = [b"%PDF-1.4\n".as_slice(), deep.as_bytes(), b"\n%%EOF"].concat();
    assert!(examine("a.pdf", &bytes).is_err());
}

/// Some bytes of a good file changed, taken out or doubled.
fn mutated(good: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..3_u8);
    proptest::collection::vec(change, 1..12).prop_map(move |changes| {
        let mut bytes = good.clone();
        for (at, byte, how) in changes {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, byte),
            }
        }
        bytes
    })
}

proptest! {
    #[test]
    fn u4_whatever_the_bytes_there_is_a_verdict(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        for (name, begin) in [("a.pdf", b"%PDF-1.7\n".as_slice()), ("a.png", b"\x89PNG\r\n\x1a\n"), ("a.jpg", b"\xff\xd8\xff")] {
            prop_assert!(examine(name, &bytes).is_err());
            prop_assert!(examine(name, &[begin, &bytes, b"\n%%EOF"].concat()).is_err());
        }
    }

    #[test]
    fn u4_whatever_was_changed_in_a_pdf_there_is_a_verdict(bytes in mutated(plain())) {
        let _ = examine("a.pdf", &bytes);
    }

    #[test]
    fn u4_whatever_was_changed_in_a_png_there_is_a_verdict(bytes in mutated(encoded(ImageFormat::Png))) {
        let _ = examine("a.png", &bytes);
    }

    #[test]
    fn u4_whatever_was_changed_in_a_jpeg_there_is_a_verdict(bytes in mutated(encoded(ImageFormat::Jpeg))) {
        let _ = examine("a.jpg", &bytes);
    }
}
