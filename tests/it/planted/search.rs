//! Looking for strings, in every form that a store could have written them in.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// What was found: which string, in which form.
pub(super) type Found = BTreeSet<(&'static str, &'static str)>;

/// As it is.
pub(super) const CLEAR: &str = "UTF-8";

/// Strings in all their forms.
pub(super) struct Needles {
    forms: Vec<Form>,
    // Whether a form begins with four bytes that fall here: most places are passed by at a glance.
    begun: Vec<bool>,
}

struct Form {
    what: &'static str,
    how: &'static str,
    bytes: Vec<u8>,
}

impl Needles {
    /// To look for these, which have names.
    pub(super) fn new(strings: &[(&'static str, &str)]) -> Self {
        let forms: Vec<_> = strings.iter().flat_map(|(what, text)| forms(what, text)).collect();
        let mut begun = vec![false; 1 << 16];
        for form in &forms {
            begun[slot(form.bytes.first_chunk().unwrap())] = true;
        }
        Self { forms, begun }
    }

    /// All that some bytes hold.
    pub(super) fn find(&self, bytes: &[u8]) -> Found {
        let mut found = Found::new();
        let mut rest = bytes;
        while let Some(start) = rest.first_chunk() {
            if self.begun[slot(start)] {
                let here = self.forms.iter().filter(|form| rest.starts_with(&form.bytes));
                found.extend(here.map(|form| (form.what, form.how)));
            }
            rest = &rest[1..];
        }
        found
    }
}

fn slot(start: &[u8; 4]) -> usize {
    usize::try_from(u32::from_le_bytes(*start).wrapping_mul(0x9e37_79b1) >> 16).unwrap()
}

fn forms(what: &'static str, text: &str) -> Vec<Form> {
    let bytes = text.as_bytes();
    let mut forms = vec![
        (CLEAR, bytes.to_vec()),
        ("UTF-16", text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("hex", hex::encode(bytes).into_bytes()),
        ("HEX", hex::encode_upper(bytes).into_bytes()),
        ("base64", base64_from(0, bytes)),
        ("base64, a byte later", base64_from(1, bytes)),
        ("base64, two bytes later", base64_from(2, bytes)),
    ];
    for (how, escaped) in [
        (r"\u", escaped(text, |_| true, |unit| format!("\\u{unit:04x}"))),
        (r"\U", escaped(text, |_| true, |unit| format!("\\u{unit:04X}"))),
        (r"\u, ASCII as it is", escaped(text, |unit| unit > 0x7f, |unit| format!("\\u{unit:04x}"))),
        (r"\U, ASCII as it is", escaped(text, |unit| unit > 0x7f, |unit| format!("\\u{unit:04X}"))),
    ] {
        if escaped != text {
            forms.push((how, escaped.into_bytes()));
        }
    }
    forms.into_iter().map(|(how, bytes)| Form { what, how, bytes }).collect()
}

/// JSON's escapes, of those UTF-16 units that are to be escaped.
fn escaped(text: &str, whether: impl Fn(u16) -> bool, escape: impl Fn(u16) -> String) -> String {
    let unit = |unit| if whether(unit) { escape(unit) } else { String::from_utf16(&[unit]).unwrap() };
    text.encode_utf16().map(unit).collect()
}

/// Those characters of a base64 text that tell of these bytes alone, if so many bytes stand before them.
fn base64_from(before: usize, bytes: &[u8]) -> Vec<u8> {
    let text = STANDARD_NO_PAD.encode([&vec![0; before], bytes].concat());
    let whole = (before + bytes.len()) * 8 / 6;
    text.as_bytes()[(before * 8).div_ceil(6)..whole].to_vec()
}

#[test]
fn every_form_is_found() {
    let needles = Needles::new(&[("name", "林武雄A1"), ("number", "A123456789")]);
    let in_base64 = |before: &str, text: &str| STANDARD_NO_PAD.encode(format!("{before}{text}和"));
    for (what, text) in [("name", "林武雄A1"), ("number", "A123456789")] {
        let json = format!("{{\"a\":\"{text}\"}}");
        for (how, written) in [
            (CLEAR, json.clone().into_bytes()),
            ("hex", hex::encode(&json).into_bytes()),
            ("HEX", hex::encode_upper(&json).into_bytes()),
            ("base64", in_base64("abc", text).into_bytes()),
            ("base64, a byte later", in_base64("abcd", text).into_bytes()),
            ("base64, two bytes later", in_base64("abcde", text).into_bytes()),
        ] {
            let found = needles.find(&written);
            assert!(found.contains(&(what, how)), "{what}, {how}: {found:?}");
        }
    }
    let found = |text: &str| needles.find(text.as_bytes());
    assert_eq!(found(r#"["\u6797\u6b66\u96c4A1"]"#), Found::from([("name", r"\u, ASCII as it is")]));
    assert_eq!(found(r#"["\u6797\u6B66\u96C4A1"]"#), Found::from([("name", r"\U, ASCII as it is")]));
    assert_eq!(found(r#"["\u6797\u6b66\u96c4\u0041\u0031"]"#), Found::from([("name", r"\u")]));
    assert_eq!(found("林武A123456788"), Found::new());
}
