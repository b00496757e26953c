use proptest::prelude::*;

use super::*;

const CATEGORIES: [Category; 10] = [
    Category::Post,
    Category::Competition,
    Category::Licence,
    Category::Service,
    Category::FlexibleLearning,
    Category::GroupActivity,
    Category::Workplace,
    Category::Piece,
    Category::AdvancedCourse,
    Category::Other,
];

fn year(year: u16) -> SchoolYear {
    SchoolYear::try_new(year).unwrap()
}

fn sheet(category: Category) -> &'static Sheet {
    Sheet::of(category, year(114)).unwrap()
}

/// What is read, or the fields that are at fault.
fn read(category: Category, given: &[(&str, &str)]) -> Result<Vec<Written>, Vec<String>> {
    let mut problems = Malformed::default();
    let read = sheet(category).read(&mut problems, given.iter().copied());
    assert_eq!(read.is_none(), !problems.0.is_empty());
    read.ok_or_else(|| problems.0.into_iter().map(|problem| problem.field).collect())
}

/// A value that a field takes.
fn example(field: &Field) -> String {
    match field.kind {
        FieldKind::Text(most) => "文".repeat(most),
        FieldKind::Date | FieldKind::DateFrom(_) => "2026-03-14".into(),
        FieldKind::Code(codes) => codes[0].0.into(),
        FieldKind::Number(before, 0) => "9".repeat(before),
        FieldKind::Number(before, behind) => format!("{}.{}", "9".repeat(before), "9".repeat(behind)),
    }
}

const SERVICE: [(&str, &str); 3] =
    [("unit", "圖書館"), ("start-date", "2026-03-14"), ("end-date", "2026-03-14")];

#[test]
fn u2_every_category_has_its_sheet_from_108() {
    assert_eq!(Sheet::all(year(114)).unwrap().iter().map(|it| it.category).collect::<Vec<_>>(), CATEGORIES);
    assert!(Sheet::of(Category::Piece, year(108)).is_some());
    assert!(Sheet::all(year(107)).is_none());
    assert!(VERSIONS.is_sorted_by_key(|(from, _)| *from));
}

#[test]
fn u2_a_table_agrees_with_itself() {
    for sheet in VERSIONS.iter().flat_map(|(_, sheets)| *sheets) {
        let names: BTreeSet<_> = sheet.fields.iter().map(|field| field.name).collect();
        assert_eq!(names.len(), sheet.fields.len(), "{sheet:?}");
        for field in sheet.fields {
            assert!(plain(field.name) && !field.column.is_empty(), "{field:?}");
            if let FieldKind::DateFrom(start) = field.kind {
                let begins = |it: &Field| it.name == start && it.kind == FieldKind::Date;
                assert!(sheet.fields.iter().any(begins), "{field:?}");
            }
        }
    }
}

#[test]
fn u2_whatever_a_sheet_asks_for_is_taken_in_its_order() {
    for category in CATEGORIES {
        let all: Vec<_> = sheet(category).fields.iter().map(|it| (it.name, example(it))).collect();
        let given: Vec<_> = all.iter().rev().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(read(category, &given), Ok(all.clone()), "{category:?}");
        let needed = |name: &str| sheet(category).fields.iter().any(|it| it.name == name && it.required);
        let least: Vec<_> = given.into_iter().filter(|(name, _)| needed(name)).collect();
        assert!(read(category, &least).is_ok(), "{category:?}");
    }
}

#[test]
fn u2_what_is_missing_unknown_or_doubled_is_named() {
    let missing = ["details.unit", "details.start-date", "details.end-date"];
    assert_eq!(read(Category::Service, &[]), Err(missing.map(str::to_owned).to_vec()));
    let blank = [SERVICE[1], SERVICE[2], ("unit", " \t"), ("hours", "")];
    assert_eq!(read(Category::Service, &blank), Err(vec!["details.unit".into()]));
    let unknown = [SERVICE.as_slice(), &[("單位", "x"), ("award", "金牌")]].concat();
    assert_eq!(read(Category::Service, &unknown), Err(vec!["details.?".into(), "details.award".into()]));
    let doubled = [SERVICE.as_slice(), &[("unit", "另一處")]].concat();
    assert_eq!(read(Category::Service, &doubled), Err(vec!["details.unit".into()]));
}

#[test]
fn u2_each_kind_has_its_bounds() {
    let with =
        |name: &str, value: &str| read(Category::Service, &[SERVICE.as_slice(), &[(name, value)]].concat());
    let bad = |name: &str| Err(vec![format!("details.{name}")]);
    assert!(with("name", &"文".repeat(20)).is_ok());
    assert_eq!(with("name", &"文".repeat(21)), bad("name"));
    assert_eq!(with("name", "a\u{7}"), bad("name"));
    for hours in ["0", "12", "12.5", "9999.999", " 3 "] {
        assert!(with("hours", hours).is_ok(), "{hours}");
    }
    for hours in ["12345", "1.0000", ".5", "5.", "-1", "1e3", "１", "1,5", "1.2.3", "NaN"] {
        assert_eq!(with("hours", hours), bad("hours"), "{hours}");
    }
    let piece = |date| read(Category::Piece, &[("date", date)]);
    assert!(piece("2024-02-29").is_ok());
    for date in ["2026-02-29", "2026-2-3", "20260203", "115-02-03", "2026-02-03T00:00", "yesterday"] {
        assert_eq!(piece(date), bad("date"), "{date}");
    }
    let post = |level| read(Category::Post, &[SERVICE.as_slice(), &[("level", level)]].concat());
    assert!(post("9").is_ok());
    for level in ["0", "6", "99", "校級"] {
        assert_eq!(post(level), bad("level"), "{level}");
    }
}

#[test]
fn u2_nothing_ends_before_it_begins() {
    let lasts =
        |start, end| read(Category::Service, &[("unit", "館"), ("start-date", start), ("end-date", end)]);
    assert!(lasts("2026-03-14", "2026-03-14").is_ok());
    assert_eq!(lasts("2026-03-14", "2026-03-13"), Err(vec!["details.end-date".into()]));
    assert_eq!(lasts("soon", "2026-03-13"), Err(vec!["details.start-date".into()]));
}

proptest! {
    /// Whatever is written: it is read as the sheet has it, or some field is named.
    #[test]
    fn u2_whatever_is_written_there_is_an_answer(
        at in 0..CATEGORIES.len(),
        given in proptest::collection::vec(("(unit|start-date|end-date|date|hours|kind|x)", "[0-9.-]{0,10}|\\PC{0,30}"), 0..8),
    ) {
        let given: Vec<_> = given.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let sheet = sheet(CATEGORIES[at]);
        if let Ok(read) = read(CATEGORIES[at], &given) {
            let names: Vec<_> = read.iter().map(|(name, _)| *name).collect();
            let order = sheet.fields.iter().map(|field| field.name).filter(|name| names.contains(name));
            prop_assert_eq!(&names, &order.collect::<Vec<_>>());
            let needed = sheet.fields.iter().filter(|field| field.required);
            prop_assert!(needed.map(|field| field.name).all(|name| names.contains(&name)));
        }
    }
}
