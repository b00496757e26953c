//! Course codes (課程代碼): 23 characters; what they must look like to be taken by the central database.

#[cfg(test)]
mod tests;

/// Characters of a course code.
const LENGTH: usize = 23;
/// Kinds of course (課程類別), at position 17: from 部定必修 to 職業技能訓練.
const KINDS: &[u8] = b"123456789ABCDEF";
/// Attributes of the subject (科目屬性), at position 19.
const ATTRIBUTES: &[u8] = b"0123456ABCDE";

/// Whether a code is one that the central database takes: 23 digits or capital letters; first the year of the
/// Republic in which its students enrolled, then the school's code of six, and at positions 17 and 19 a known kind of
/// course and attribute of the subject. Any other is the school's own: taught and recorded, but not submittable (R12).
pub fn is_submittable(code: &str) -> bool {
    let code = code.as_bytes();
    let known = |position: usize, list: &[u8]| code.get(position - 1).is_some_and(|c| list.contains(c));
    let year = code.get(..3).unwrap_or_default();
    code.len() == LENGTH
        && code.iter().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase())
        && year.iter().all(u8::is_ascii_digit)
        && year != b"000"
        && code.get(3..9).is_some_and(|school| school != b"000000")
        && known(17, KINDS)
        && known(19, ATTRIBUTES)
}
