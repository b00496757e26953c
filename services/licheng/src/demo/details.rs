//! What each category of performances asks for, as a made student fills it in.

use proto::types::v1::Category;
use proto::uploads::v1::Detail;

/// What a student writes of a performance of a school year.
pub(crate) fn details(category: Category, year: u32) -> Vec<Detail> {
    let autumn = |day: u8| format!("{}-10-{day:02}", year + 1_911);
    let (first, last) = (autumn(15), autumn(28));
    let lasts = || [("start-date", &*first), ("end-date", &*last)];
    let year = year.to_string();
    let semester = || [("year", &*year), ("term", "1")];
    let fields: Vec<(&str, &str)> = match category {
        Category::Unspecified => Vec::new(),
        Category::Post => [&[("unit", "班級"), ("position", "班長"), ("level", "2")], &lasts()[..]].concat(),
        Category::Competition => {
            vec![
                ("name", "科學展覽會"),
                ("level", "2"),
                ("award", "佳作"),
                ("announced-on", &last),
                ("team", "2"),
            ]
        }
        Category::Licence => vec![("kind", "1"), ("score", "785"), ("obtained-on", &first)],
        Category::Service => [&[("unit", "鄉立圖書館"), ("hours", "12.5")], &lasts()[..]].concat(),
        Category::FlexibleLearning => [&[("kind", "1"), ("unit", "教務處")], &semester()[..]].concat(),
        Category::GroupActivity => [&[("kind", "2"), ("unit", "學務處")], &semester()[..]].concat(),
        Category::Workplace => [&[("kind", "1"), ("unit", "農業改良場")], &lasts()[..]].concat(),
        Category::Piece => vec![("date", &first)],
        Category::AdvancedCourse => [&[("unit", "大學"), ("credits", "2")], &lasts()[..]].concat(),
        Category::Other => [&[("unit", "社區發展協會")], &lasts()[..]].concat(),
    };
    let detail = |(name, value): (&str, &str)| Detail { name: name.to_owned(), value: value.to_owned() };
    fields.into_iter().map(detail).collect()
}
