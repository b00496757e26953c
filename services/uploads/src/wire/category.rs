//! Categories of performances, and what they ask for.

use chassis::wire;
use events::Category;
use kernel::{Malformed, SchoolYear};
use proto::types::v1::Category as CategoryMessage;
use proto::uploads::v1::category_field::Kind;
use proto::uploads::v1::{
    CategoryField, CategorySheet, CodeField, CodeMeaning, DateField, Detail, ListCategoriesRequest,
    ListCategoriesResponse, NumberField, TextField,
};

use crate::domain::{Field, FieldKind, Sheet, Written};

pub(super) fn read(category: i32) -> Result<Category, &'static str> {
    match CategoryMessage::try_from(category) {
        Ok(CategoryMessage::Post) => Ok(Category::Post),
        Ok(CategoryMessage::Competition) => Ok(Category::Competition),
        Ok(CategoryMessage::Licence) => Ok(Category::Licence),
        Ok(CategoryMessage::Service) => Ok(Category::Service),
        Ok(CategoryMessage::Piece) => Ok(Category::Piece),
        Ok(CategoryMessage::FlexibleLearning) => Ok(Category::FlexibleLearning),
        Ok(CategoryMessage::GroupActivity) => Ok(Category::GroupActivity),
        Ok(CategoryMessage::Workplace) => Ok(Category::Workplace),
        Ok(CategoryMessage::AdvancedCourse) => Ok(Category::AdvancedCourse),
        Ok(CategoryMessage::Other) => Ok(Category::Other),
        Ok(CategoryMessage::Unspecified) | Err(_) => Err("must be one of the categories"),
    }
}

const fn message(category: Category) -> CategoryMessage {
    match category {
        Category::Post => CategoryMessage::Post,
        Category::Competition => CategoryMessage::Competition,
        Category::Licence => CategoryMessage::Licence,
        Category::Service => CategoryMessage::Service,
        Category::FlexibleLearning => CategoryMessage::FlexibleLearning,
        Category::GroupActivity => CategoryMessage::GroupActivity,
        Category::Workplace => CategoryMessage::Workplace,
        Category::Piece => CategoryMessage::Piece,
        Category::AdvancedCourse => CategoryMessage::AdvancedCourse,
        Category::Other => CategoryMessage::Other,
    }
}

/// A school year that has categories.
pub(super) fn year(year: u32) -> Result<SchoolYear, &'static str> {
    let year = wire::school_year(year)?;
    Sheet::all(year)
        .map(|_| year)
        .ok_or("must be a school year from 108 on: before it there were no categories")
}

/// What a student wrote, by the category's sheet of that school year.
pub(super) fn details(
    problems: &mut Malformed,
    (category, year): (Category, SchoolYear),
    details: &[Detail],
) -> Option<Vec<Written>> {
    let sheet = Sheet::of(category, year).ok_or("must be one of that school year's categories");
    let sheet = problems.note("category", sheet)?;
    sheet.read(problems, details.iter().map(|detail| (detail.name.as_str(), detail.value.as_str())))
}

/// The sheets of a school year, as a message.
pub(crate) fn sheets(request: &ListCategoriesRequest) -> Result<ListCategoriesResponse, Malformed> {
    let year = year(request.year).map_err(|problem| Malformed::one("year", problem))?;
    let sheets = Sheet::all(year).unwrap_or_default().iter().map(|sheet| CategorySheet {
        category: message(sheet.category).into(),
        chinese: sheet.chinese.to_owned(),
        fields: sheet.fields.iter().map(field).collect(),
    });
    Ok(ListCategoriesResponse { sheets: sheets.collect() })
}

fn field(field: &Field) -> CategoryField {
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let kind = match field.kind {
        FieldKind::Text(most) => Kind::Text(TextField { most: count(most) }),
        FieldKind::Date => Kind::Date(DateField::default()),
        FieldKind::DateFrom(start) => Kind::Date(DateField { not_before: start.to_owned() }),
        FieldKind::Code(codes) => {
            let meaning = |(code, chinese): &(&str, &str)| CodeMeaning {
                code: (*code).to_owned(),
                chinese: (*chinese).to_owned(),
            };
            Kind::Code(CodeField { codes: codes.iter().map(meaning).collect() })
        }
        FieldKind::Number(before, behind) => {
            Kind::Number(NumberField { before: count(before), behind: count(behind) })
        }
    };
    CategoryField {
        name: field.name.to_owned(),
        column: field.column.to_owned(),
        required: field.required,
        kind: Some(kind),
    }
}
