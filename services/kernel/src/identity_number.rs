use std::fmt;
use std::str::FromStr;

/// An identity number (身分證明號碼) whose check digit is right.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityNumber(String);

/// Which of the three numbers in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityNumberKind {
    /// National identity number (國民身分證統一編號).
    National,
    /// Unified number of a resident, as issued until 2020 (舊式統一證號).
    ResidentOld,
    /// Unified number of a resident, as issued since 2021 (新式統一證號).
    ResidentNew,
}

/// Why a text is no identity number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityNumberFault {
    /// It doesn't look like any of the three.
    #[error("is no identity number: one capital letter, then 1, 2, 8, 9 or A–D, then eight digits")]
    Shape,
    /// The last digit doesn't fit the rest.
    #[error("the identity number's check digit is wrong")]
    CheckDigit,
}

/// The letters in the order of their values, which begin at 10.
const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVXYWZIO";
/// Weights of the letter's two digits and the nine that follow.
const WEIGHTS: [u32; 11] = [1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1];

fn value_of(letter: u8) -> Option<u32> {
    LETTERS.iter().position(|l| *l == letter).and_then(|at| u32::try_from(at + 10).ok())
}

impl IdentityNumber {
    /// The number in capitals.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Which of the three it is.
    pub fn kind(&self) -> IdentityNumberKind {
        match self.0.as_bytes().get(1) {
            Some(b'1' | b'2') => IdentityNumberKind::National,
            Some(b'8' | b'9') => IdentityNumberKind::ResidentNew,
            _ => IdentityNumberKind::ResidentOld,
        }
    }
}

impl FromStr for IdentityNumber {
    type Err = IdentityNumberFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().to_ascii_uppercase();
        let [first, second, rest @ ..] = text.as_bytes() else { return Err(IdentityNumberFault::Shape) };
        let letter = value_of(*first).ok_or(IdentityNumberFault::Shape)?;
        let second = match second {
            b'1' | b'2' | b'8' | b'9' => u32::from(second - b'0'),
            b'A'..=b'D' => value_of(*second).ok_or(IdentityNumberFault::Shape)? % 10,
            _ => return Err(IdentityNumberFault::Shape),
        };
        if rest.len() != 8 || !rest.iter().all(u8::is_ascii_digit) {
            return Err(IdentityNumberFault::Shape);
        }
        let digits =
            [letter / 10, letter % 10, second].into_iter().chain(rest.iter().map(|d| u32::from(d - b'0')));
        let sum: u32 = digits.zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
        if sum.is_multiple_of(10) { Ok(Self(text)) } else { Err(IdentityNumberFault::CheckDigit) }
    }
}

impl fmt::Debug for IdentityNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It is personal: no log may show it.
        f.write_str("IdentityNumber(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_three_kinds_are_told_apart() {
        let kind = |text: &str| text.parse::<IdentityNumber>().map(|number| number.kind());
        assert_eq!(kind("A123456789"), Ok(IdentityNumberKind::National));
        assert_eq!(kind("a123456789 "), Ok(IdentityNumberKind::National));
        assert_eq!(kind("A800000014"), Ok(IdentityNumberKind::ResidentNew));
        assert_eq!(kind("AA00000009"), Ok(IdentityNumberKind::ResidentOld));
    }

    #[test]
    fn a_wrong_check_digit_and_a_wrong_shape_are_told_apart() {
        assert_eq!("A123456788".parse::<IdentityNumber>(), Err(IdentityNumberFault::CheckDigit));
        for wrong in
            ["", "A", "A12345678", "A1234567890", "1123456789", "A323456789", "AE00000009", "A12345678九"]
        {
            assert_eq!(wrong.parse::<IdentityNumber>(), Err(IdentityNumberFault::Shape), "{wrong}");
        }
    }

    #[test]
    fn the_debug_form_does_not_show_the_number() {
        let number: IdentityNumber = "A123456789".parse().unwrap();
        assert!(!format!("{number:?}").contains("A12"));
    }
}
