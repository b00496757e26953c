//! PDF, by parsing every object of it.

use std::cell::Cell;
use std::panic::{catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectId, Stream};

use crate::domain::FileFault;

/// Bytes that one stream of objects may unpack to, and all of them together: far more than real ones need, and not
/// what a file made to fill the memory needs.
const UNPACKED_MAX: usize = 4 << 20;
const UNPACKED_ALL_MAX: usize = 16 << 20;
/// Values in all objects together.
const VALUES_MAX: usize = 2_000_000;
/// How long parsing may take; real files take well under a second.
const TIME_MAX: Duration = Duration::from_secs(30);
/// How deep values may stand in one another; the parser stops there too.
const DEPTH_MAX: usize = 100;
/// What the name `Encrypt` becomes.
const RENAMED: &[u8] = b"Encrypu";
/// How far from its end a document says that it ends.
const END_WITHIN: usize = 1_024;

/// What a document may still take while it is parsed.
#[derive(Clone, Copy)]
struct Allowance {
    unpacked: usize,
    values: usize,
    since: Instant,
}

thread_local! {
    static ALLOWANCE: Cell<Option<Allowance>> = const { Cell::new(None) };
}

/// A PDF that is whole, opens for everyone, carries no other file and does nothing by itself.
pub(super) fn examine(bytes: &[u8]) -> Result<(), FileFault> {
    let end = bytes.get(bytes.len().saturating_sub(END_WITHIN)..).unwrap_or(bytes);
    if !end.windows(5).any(|window| window == b"%%EOF") {
        return Err(FileFault::Truncated);
    }
    let (renamed, named) = encryption_renamed(bytes);
    // Where it is encrypted, what else it may be can't be told.
    let unreadable = if named { FileFault::Encrypted } else { FileFault::Unreadable };
    let document = catch_unwind(|| parsed(&renamed)).unwrap_or(Err(unreadable)).map_err(|_| unreadable)?;
    if document.trailer.has(RENAMED) {
        return Err(FileFault::Encrypted);
    }
    let mut findings = Findings { document: &document, fault: None };
    findings.forms();
    document.objects.values().for_each(|object| findings.look(object, 0));
    if let Some(fault) = findings.fault {
        return Err(fault);
    }
    // Not by the tree of pages: where that is damaged, readers look for the pages themselves.
    let is_page = |object: &Object| object.as_dict().is_ok_and(|dictionary| dictionary.has_type(b"Page"));
    if document.objects.values().any(is_page) { Ok(()) } else { Err(FileFault::Unreadable) }
}

fn parsed(bytes: &[u8]) -> Result<Document, FileFault> {
    let since = Instant::now();
    ALLOWANCE.set(Some(Allowance { unpacked: UNPACKED_ALL_MAX, values: VALUES_MAX, since }));
    let options = LoadOptions {
        filter: Some(within_allowance),
        max_decompressed_size: Some(UNPACKED_MAX),
        ..LoadOptions::default()
    };
    Document::load_mem_with_options(bytes, options).map_err(|_| FileFault::Unreadable)
}

/// The document with the name by which it says that it is encrypted changed to [`RENAMED`], wherever it stands, and
/// whether it stood anywhere. The parser would try to decrypt it, and would not ask for the allowance then.
fn encryption_renamed(bytes: &[u8]) -> (Vec<u8>, bool) {
    let (mut renamed, mut named) = (bytes.to_vec(), false);
    for at in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at) {
        let Some(end) = bytes.get(at + 1..).and_then(|name| spells(name, b"Encrypt")) else { continue };
        // `t` becomes `u`, and `#74` becomes `#75`.
        if let Some(last) = renamed.get_mut(at + end) {
            *last += 1;
            named = true;
        }
    }
    (renamed, named)
}

/// How many bytes spell a word, of which each letter may be written as `#` and two digits.
fn spells(name: &[u8], word: &[u8]) -> Option<usize> {
    let mut rest = name;
    for letter in word {
        rest = match rest {
            [b'#', high, low, rest @ ..] => {
                let digit = |digit: &u8| char::from(*digit).to_digit(16);
                let spelled = digit(high)? * 16 + digit(low)?;
                (spelled == u32::from(*letter)).then_some(rest)?
            }
            [first, rest @ ..] if first == letter => rest,
            _ => return None,
        };
    }
    Some(name.len() - rest.len())
}

/// Sees every object as it is parsed, before a stream of objects is unpacked. The parser can't be told to stop, so what
/// takes too much unwinds to whoever examines.
fn within_allowance(id: ObjectId, object: &mut Object) -> Option<(ObjectId, Object)> {
    let taken = ALLOWANCE.get().and_then(|allowance| allowance.less(object));
    if taken.is_none() {
        resume_unwind(Box::new("the document takes too much to parse"));
    }
    ALLOWANCE.set(taken);
    // Of an object in the file itself only that there is an answer counts; one out of a stream, which can't be a
    // stream, is kept as it is answered.
    let kept = if object.as_stream().is_ok() { Object::Null } else { object.clone() };
    Some((id, kept))
}

impl Allowance {
    /// What is left after an object; `None` if it takes more than there is.
    fn less(self, object: &Object) -> Option<Self> {
        let in_time = self.since.elapsed() < TIME_MAX;
        let values = self.values.checked_sub(values(object, 0)).filter(|_| in_time)?;
        let unpacked = match object {
            Object::Stream(stream) if stream.dict.has_type(b"ObjStm") => {
                self.unpacked.checked_sub(unpacked(stream)?)?
            }
            Object::Stream(_)
            | Object::Null
            | Object::Boolean(_)
            | Object::Integer(_)
            | Object::Real(_)
            | Object::Name(_)
            | Object::String(..)
            | Object::Array(_)
            | Object::Dictionary(_)
            | Object::Reference(_) => self.unpacked,
        };
        Some(Self { unpacked, values, ..self })
    }
}

/// Bytes that a stream of objects unpacks to; `None` if that is too much, or if its objects stand in one another, so
/// that the same bytes would be parsed again and again. The parser itself passes over one that it can't read.
fn unpacked(stream: &Stream) -> Option<usize> {
    let content = match stream.get_plain_content_with_limit(UNPACKED_MAX) {
        Ok(content) => content,
        Err(lopdf::Error::Decompress(lopdf::DecompressError::MemoryLimitExceeded { .. })) => return None,
        Err(_) => return Some(0),
    };
    let first = stream.dict.get(b"First").and_then(Object::as_i64).unwrap_or(0);
    let index = usize::try_from(first).ok().and_then(|first| content.get(..first)).unwrap_or_default();
    let lines = std::str::from_utf8(index).unwrap_or_default().split(['\r', '\n']);
    let numbers = lines.flat_map(|line| line.split('%').next().unwrap_or_default().split_whitespace());
    let mut offsets: Vec<u32> = numbers.skip(1).step_by(2).filter_map(|offset| offset.parse().ok()).collect();
    let objects = offsets.len();
    offsets.sort_unstable();
    offsets.dedup();
    (offsets.len() == objects).then_some(content.len())
}

/// The number of values in an object.
fn values(object: &Object, depth: usize) -> usize {
    let inner: usize = match object {
        _ if depth > DEPTH_MAX => 0,
        Object::Array(items) => items.iter().map(|item| values(item, depth + 1)).sum(),
        Object::Dictionary(dictionary) | Object::Stream(Stream { dict: dictionary, .. }) => {
            dictionary.iter().map(|(_, value)| values(value, depth + 1)).sum()
        }
        Object::Null
        | Object::Boolean(_)
        | Object::Integer(_)
        | Object::Real(_)
        | Object::Name(_)
        | Object::String(..)
        | Object::Reference(_) => 0,
    };
    inner + 1
}

/// The first thing found that a work may not hold.
struct Findings<'a> {
    document: &'a Document,
    fault: Option<FileFault>,
}

impl Findings<'_> {
    /// Looks through an object and all that stands in it; what it refers to is an object of its own.
    fn look(&mut self, object: &Object, depth: usize) {
        if self.fault.is_some() || depth > DEPTH_MAX {
            return;
        }
        match object {
            Object::Array(items) => items.iter().for_each(|item| self.look(item, depth + 1)),
            Object::Dictionary(dictionary) => self.dictionary(dictionary, depth),
            Object::Stream(stream) => {
                if stream.dict.has_type(b"EmbeddedFile") {
                    self.fault = Some(FileFault::Embedded);
                }
                self.dictionary(&stream.dict, depth);
            }
            Object::Null
            | Object::Boolean(_)
            | Object::Integer(_)
            | Object::Real(_)
            | Object::Name(_)
            | Object::String(..)
            | Object::Reference(_) => {}
        }
    }

    fn dictionary(&mut self, dictionary: &Dictionary, depth: usize) {
        if self.carries_file(dictionary) {
            self.fault = Some(FileFault::Embedded);
        } else if self.acts(dictionary) {
            self.fault = Some(FileFault::Active);
        }
        dictionary.iter().for_each(|(_, value)| self.look(value, depth + 1));
    }

    /// A file specification with the file itself: in the tree of names, beside a page (`/AF`) or as an annotation. A font
    /// or a picture may be called `EF` too, so what it leads to decides.
    fn carries_file(&self, dictionary: &Dictionary) -> bool {
        let files = dictionary.get_deref(b"EF", self.document).and_then(Object::as_dict);
        files.is_ok_and(|files| {
            [b"F".as_slice(), b"UF", b"DOS", b"Mac", b"Unix"].iter().any(|name| files.has(name))
        })
    }

    /// An action that runs a script or starts a program, whatever sets it off.
    fn acts(&self, dictionary: &Dictionary) -> bool {
        let action = dictionary.get_deref(b"S", self.document).and_then(Object::as_name).unwrap_or_default();
        match action {
            b"JavaScript" | b"Launch" => true,
            b"Rendition" => dictionary.has(b"JS"),
            _ => false,
        }
    }

    /// Forms of the kind that is made of scripts (XFA).
    fn forms(&mut self) {
        let catalog = self.document.catalog();
        let form = catalog.and_then(|catalog| catalog.get_deref(b"AcroForm", self.document));
        if form.and_then(Object::as_dict).is_ok_and(|form| form.has(b"XFA")) {
            self.fault = Some(FileFault::Active);
        }
    }
}
