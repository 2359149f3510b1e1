//! What belongs into a collection by rules: product → the numbers of available pieces with which it is inside. Pure.
//!
//! Everything but stock changes rarely and is decided when it changes. Stock changes all the time, so that of it the answer
//! is a list of ranges: `[(0, 0)]` is inside while it is sold out, `[(0, i64::MAX)]` always, `[]` never.

mod sort;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use sort::{Place, SortOrder};

/// The most rules of one collection.
pub const RULES_MAX: usize = 30;
/// The longest value of a rule in characters.
pub const VALUE_MAX: usize = 255;

/// What a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Field {
    /// The title.
    Title,
    /// The brand.
    Vendor,
    /// The name of the category.
    Category,
    /// Whom it is made for.
    Gender,
    /// The style.
    Style,
    /// The material.
    Material,
    /// The occasion.
    Occasion,
    /// Each of its tags.
    Tag,
    /// The lowest base price of a variant, in minor units.
    Price,
    /// Pieces available, of all variants over all locations.
    Stock,
}

/// How a rule looks at it. Texts are compared whatever their case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Relation {
    /// It is the value.
    Equals,
    /// It is not the value, or is absent.
    NotEquals,
    /// The value is somewhere in it.
    Contains,
    /// The value is nowhere in it, or it is absent.
    NotContains,
    /// It begins with the value.
    StartsWith,
    /// It ends with the value.
    EndsWith,
    /// The number is greater than the value.
    GreaterThan,
    /// The number is less than the value.
    LessThan,
    /// It is there; takes no value.
    IsSet,
    /// It is absent; takes no value.
    IsNotSet,
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// What it looks at.
    pub field: Field,
    /// How.
    pub relation: Relation,
    /// What it compares with.
    pub value: String,
}

/// The conditions of a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Whether one that holds is enough; otherwise all have to.
    pub any: bool,
    /// At least one.
    pub rules: Vec<Rule>,
}

/// What rules see of a product, besides its stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts<'a> {
    /// The title.
    pub title: &'a str,
    /// The brand.
    pub vendor: &'a str,
    /// The name of the category.
    pub category: &'a str,
    /// Whom it is made for.
    pub gender: Option<&'a str>,
    /// The style.
    pub style: Option<&'a str>,
    /// The material.
    pub material: Option<&'a str>,
    /// The occasion.
    pub occasion: Option<&'a str>,
    /// Its tags.
    pub tags: &'a [String],
    /// The lowest base price of a variant, in minor units.
    pub price_minor: i64,
}

impl Rule {
    /// Whether there can be such a rule.
    ///
    /// # Errors
    ///
    /// Why not, for people.
    pub fn check(&self) -> Result<(), String> {
        use Relation::{
            Contains, EndsWith, Equals, GreaterThan, IsNotSet, IsSet, LessThan, NotContains, NotEquals, StartsWith,
        };
        let possible: &[Relation] = match self.field {
            Field::Price | Field::Stock => &[Equals, NotEquals, GreaterThan, LessThan],
            Field::Tag => &[Equals, NotEquals, IsSet, IsNotSet],
            Field::Title | Field::Vendor | Field::Category => {
                &[Equals, NotEquals, Contains, NotContains, StartsWith, EndsWith]
            }
            Field::Gender | Field::Style | Field::Material | Field::Occasion => {
                &[Equals, NotEquals, Contains, NotContains, StartsWith, EndsWith, IsSet, IsNotSet]
            }
        };
        if !possible.contains(&self.relation) {
            return Err(format!("{:?} cannot be asked for {:?}", self.field, self.relation));
        }
        let length = self.value.chars().count();
        if matches!(self.relation, IsSet | IsNotSet) {
            return if length == 0 { Ok(()) } else { Err(format!("{:?} takes no value", self.relation)) };
        }
        if !(1..=VALUE_MAX).contains(&length) {
            return Err(format!("the value has {length} characters, 1 to {VALUE_MAX} are possible"));
        }
        if matches!(self.field, Field::Price | Field::Stock) && self.number().is_none_or(|number| number < 0) {
            return Err(format!("`{}` is no whole number from 0 on", self.value));
        }
        Ok(())
    }

    fn number(&self) -> Option<i64> {
        self.value.parse().ok()
    }

    /// Whether it holds for a product with so many available pieces.
    fn holds(&self, facts: &Facts<'_>, stock: i64) -> bool {
        match self.field {
            Field::Title => self.holds_for_text(Some(facts.title)),
            Field::Vendor => self.holds_for_text(Some(facts.vendor)),
            Field::Category => self.holds_for_text(Some(facts.category)),
            Field::Gender => self.holds_for_text(facts.gender),
            Field::Style => self.holds_for_text(facts.style),
            Field::Material => self.holds_for_text(facts.material),
            Field::Occasion => self.holds_for_text(facts.occasion),
            Field::Tag => self.holds_for_tags(facts.tags),
            Field::Price => self.holds_for_number(facts.price_minor),
            Field::Stock => self.holds_for_number(stock),
        }
    }

    fn holds_for_text(&self, text: Option<&str>) -> bool {
        let value = self.value.to_lowercase();
        let text = text.map(str::to_lowercase);
        let any = |test: &dyn Fn(&str) -> bool| text.as_deref().is_some_and(test);
        match self.relation {
            Relation::Equals => any(&|text| text == value),
            Relation::NotEquals => !any(&|text| text == value),
            Relation::Contains => any(&|text| text.contains(&value)),
            Relation::NotContains => !any(&|text| text.contains(&value)),
            Relation::StartsWith => any(&|text| text.starts_with(&value)),
            Relation::EndsWith => any(&|text| text.ends_with(&value)),
            Relation::IsSet => text.is_some(),
            Relation::IsNotSet => text.is_none(),
            Relation::GreaterThan | Relation::LessThan => false,
        }
    }

    fn holds_for_tags(&self, tags: &[String]) -> bool {
        let value = self.value.to_lowercase();
        let has = || tags.iter().any(|tag| tag.to_lowercase() == value);
        match self.relation {
            Relation::Equals => has(),
            Relation::NotEquals => !has(),
            Relation::IsSet => !tags.is_empty(),
            Relation::IsNotSet => tags.is_empty(),
            _ => false,
        }
    }

    fn holds_for_number(&self, number: i64) -> bool {
        let Some(value) = self.number() else { return false };
        match self.relation {
            Relation::Equals => number == value,
            Relation::NotEquals => number != value,
            Relation::GreaterThan => number > value,
            Relation::LessThan => number < value,
            _ => false,
        }
    }
}

impl Rules {
    /// The ranges of available pieces, smallest first and apart from each other, with which a product is inside.
    #[must_use]
    pub fn ranges(&self, facts: &Facts<'_>) -> Vec<(i64, i64)> {
        let of_stock = self.rules.iter().filter(|rule| rule.field == Field::Stock).filter_map(Rule::number);
        let mut bounds: Vec<i64> = of_stock.flat_map(|number| [number, number.saturating_add(1)]).collect();
        bounds.push(0);
        bounds.retain(|bound| *bound >= 0);
        bounds.sort_unstable();
        bounds.dedup();
        let ends = bounds.iter().skip(1).map(|next| next - 1).chain([i64::MAX]);
        let mut ranges: Vec<(i64, i64)> = Vec::new();
        for (start, end) in bounds.iter().copied().zip(ends).filter(|(start, _)| self.hold(facts, *start)) {
            match ranges.last_mut() {
                Some((_, last)) if *last == start - 1 => *last = end,
                _ => ranges.push((start, end)),
            }
        }
        ranges
    }

    fn hold(&self, facts: &Facts<'_>, stock: i64) -> bool {
        let mut each = self.rules.iter().map(|rule| rule.holds(facts, stock));
        if self.any { each.any(|holds| holds) } else { each.all(|holds| holds) }
    }
}
