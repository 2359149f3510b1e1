//! What a product list is narrowed to, as SQL conditions for both engines.

use sea_orm::{
    DbBackend,
    sea_query::{Condition, Expr, ExprTrait, Func, FunctionCall, LikeExpr, Query, SelectStatement},
};

use super::facets::FacetName;
use crate::{
    entity::{collection_product, product, taxonomy_ancestor, variant},
    store::{
        collections::is_inside,
        publications::{Subject, is_shown},
    },
};

/// Only products with this status are shown to shoppers.
pub const STATUS_SHOWN: &str = "ACTIVE";
/// The badge state of what cannot be bought.
pub(super) const NOT_FOR_SALE: &str = "OUT_OF_STOCK";

/// Narrows a product list. Within one field any value will do, all fields have to agree; an empty field does not
/// narrow. Size, colour, price and availability have to hold for one and the same variant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductFilter {
    /// In lower case; each has to occur in the title, vendor or category.
    pub words: Vec<String>,
    /// Categories.
    pub category: Vec<String>,
    /// Vendors.
    pub vendor: Vec<String>,
    /// Sizes.
    pub size: Vec<String>,
    /// Colours.
    pub color: Vec<String>,
    /// Materials.
    pub material: Vec<String>,
    /// Styles.
    pub style: Vec<String>,
    /// Occasions.
    pub occasion: Vec<String>,
    /// Genders.
    pub gender: Vec<String>,
    /// Tags.
    pub tag: Vec<String>,
    /// Whether a fitting variant can be bought.
    pub available: Option<bool>,
    /// The lowest price in minor units.
    pub price_min: Option<i64>,
    /// The highest price in minor units.
    pub price_max: Option<i64>,
    /// The id of a collection.
    pub collection: Option<String>,
    /// Nodes of the tree of categories: it is in each of them, or below it.
    pub below_categories: Vec<String>,
    /// Where it is shown; without one, where anyone shows it.
    pub channel: Option<String>,
}

impl ProductFilter {
    /// The condition on `product`, leaving out the field that the facet `except` counts: shoppers want to see what
    /// they could choose instead.
    pub(super) fn condition(&self, backend: DbBackend, except: Option<FacetName>) -> Condition {
        self.variant_condition(self.product_condition(backend, except), except)
    }

    /// The part of the condition that is about the product itself.
    pub(super) fn product_condition(&self, backend: DbBackend, except: Option<FacetName>) -> Condition {
        let id = (product::Entity, product::Column::Id);
        let mut all = Condition::all().add(Expr::col(product::Column::Status).eq(STATUS_SHOWN)).add(is_shown(
            backend,
            (Subject::Product, id),
            self.channel.as_deref(),
        ));
        for id in &self.below_categories {
            all = all.add(below_category(id));
        }
        if let Some(collection) = &self.collection {
            all = all.add(in_collection(collection));
        }
        for word in &self.words {
            all = all.add(contains_word(word));
        }
        for (facet, column, values) in [
            (FacetName::Category, product::Column::Category, &self.category),
            (FacetName::Vendor, product::Column::Vendor, &self.vendor),
            (FacetName::Material, product::Column::Material, &self.material),
            (FacetName::Style, product::Column::Style, &self.style),
            (FacetName::Occasion, product::Column::Occasion, &self.occasion),
            (FacetName::Gender, product::Column::Gender, &self.gender),
        ] {
            if !values.is_empty() && except != Some(facet) {
                all = all.add(Expr::col((product::Entity, column)).is_in(values));
            }
        }
        if !self.tag.is_empty() && except != Some(FacetName::Tag) {
            all = all.add(has_tag(backend, &self.tag));
        }
        all
    }

    /// Adds that a fitting variant exists, or, for `available: false`, that none of the fitting ones can be bought.
    fn variant_condition(&self, all: Condition, except: Option<FacetName>) -> Condition {
        let fitting = self.fitting_variant(except);
        let narrowed = !fitting.is_empty();
        let of_sale = |fitting: Condition| {
            variants_of_product(fitting.add(Expr::col((variant::Entity, variant::Column::BadgeState)).ne(NOT_FOR_SALE)))
        };
        match self.available {
            Some(true) => all.add(Expr::exists(of_sale(fitting))),
            Some(false) => {
                let none_for_sale = Expr::not_exists(of_sale(fitting.clone()));
                let all = all.add(none_for_sale);
                if narrowed { all.add(Expr::exists(variants_of_product(fitting))) } else { all }
            }
            None if narrowed => all.add(Expr::exists(variants_of_product(fitting))),
            None => all,
        }
    }

    /// The condition on `variant` without availability.
    pub(super) fn fitting_variant(&self, except: Option<FacetName>) -> Condition {
        let mut all = Condition::all();
        for (facet, column, values) in [
            (FacetName::Size, variant::Column::Size, &self.size),
            (FacetName::Color, variant::Column::Color, &self.color),
        ] {
            if !values.is_empty() && except != Some(facet) {
                all = all.add(Expr::col((variant::Entity, column)).is_in(values));
            }
        }
        let price = || Expr::col((variant::Entity, variant::Column::PriceMinor));
        if let Some(lowest) = self.price_min {
            all = all.add(price().gte(lowest));
        }
        if let Some(highest) = self.price_max {
            all = all.add(price().lte(highest));
        }
        all
    }
}

fn below_category(id: &str) -> Expr {
    let below = Query::select()
        .column(taxonomy_ancestor::Column::CategoryId)
        .from(taxonomy_ancestor::Entity)
        .and_where(Expr::col(taxonomy_ancestor::Column::AncestorId).eq(id))
        .take();
    Expr::col((product::Entity, product::Column::TaxonomyCategoryId)).in_subquery(below)
}

fn in_collection(id: &str) -> Expr {
    let column = |column| Expr::col((collection_product::Entity, column));
    let inside = Query::select()
        .expr(Expr::val(1))
        .from(collection_product::Entity)
        .and_where(column(collection_product::Column::CollectionId).eq(id))
        .and_where(column(collection_product::Column::ProductId).equals((product::Entity, product::Column::Id)))
        .cond_where(is_inside())
        .take();
    Expr::exists(inside)
}

fn variants_of_product(condition: Condition) -> SelectStatement {
    Query::select()
        .expr(Expr::val(1))
        .from(variant::Entity)
        .and_where(
            Expr::col((variant::Entity, variant::Column::ProductId)).equals((product::Entity, product::Column::Id)),
        )
        .cond_where(condition)
        .take()
}

/// SQLite folds the case of ASCII letters only.
fn contains_word(word: &str) -> Condition {
    let escaped = word.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    let pattern = format!("%{escaped}%");
    [product::Column::Title, product::Column::Vendor, product::Column::Category].into_iter().fold(
        Condition::any(),
        |any, column| {
            let text = Expr::expr(Func::lower(Expr::col((product::Entity, column))));
            any.add(text.like(LikeExpr::new(pattern.clone()).escape('\\')))
        },
    )
}

/// The alias of [`tag_rows`].
pub(super) const TAG_ROW: &str = "tag_row";
/// The column of [`tag_rows`]; both engines call it so.
pub(super) const TAG_VALUE: &str = "value";

/// The tags of a product as rows.
pub(super) fn tag_rows(backend: DbBackend) -> FunctionCall {
    let function = if backend == DbBackend::Postgres { "jsonb_array_elements_text" } else { "json_each" };
    Func::cust(function).arg(Expr::col((product::Entity, product::Column::Tags)))
}

fn has_tag(backend: DbBackend, tags: &[String]) -> Expr {
    let matching = Query::select()
        .expr(Expr::val(1))
        .from_function(tag_rows(backend), TAG_ROW)
        .and_where(Expr::col((TAG_ROW, TAG_VALUE)).is_in(tags))
        .take();
    Expr::exists(matching)
}
