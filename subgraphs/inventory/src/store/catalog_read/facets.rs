//! How many products there are for each value that a list can be narrowed to.

use sea_orm::{
    DbBackend, FromQueryResult,
    sea_query::{Asterisk, CaseStatement, Expr, ExprTrait, Func, Query, SelectStatement, UnionType},
};

use super::filter::{NOT_FOR_SALE, ProductFilter, TAG_ROW, TAG_VALUE, tag_rows};
use crate::{
    entity::{product, variant},
    error::StoreError,
    store::Store,
};

/// The most values of one facet; the rarest are left out.
const VALUES_MAX: usize = 100;

/// A field that products can be counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FacetName {
    /// Category of the product.
    Category,
    /// Gender it is made for.
    Gender,
    /// Size of a variant.
    Size,
    /// Colour of a variant.
    Color,
    /// Vendor of the product.
    Vendor,
    /// Material of the product.
    Material,
    /// Style of the product.
    Style,
    /// Occasion of the product.
    Occasion,
    /// Tag of the product.
    Tag,
}

impl FacetName {
    /// All, in the order in which a shopper narrows.
    pub const ALL: [Self; 9] = [
        Self::Category,
        Self::Gender,
        Self::Size,
        Self::Color,
        Self::Vendor,
        Self::Material,
        Self::Style,
        Self::Occasion,
        Self::Tag,
    ];

    /// The name of the filter field that takes this facet's values.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::Gender => "gender",
            Self::Size => "size",
            Self::Color => "color",
            Self::Vendor => "vendor",
            Self::Material => "material",
            Self::Style => "style",
            Self::Occasion => "occasion",
            Self::Tag => "tag",
        }
    }
}

/// One facet with its values, the most frequent first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facet {
    /// The facet.
    pub name: FacetName,
    /// Each value with the number of products.
    pub values: Vec<(String, i64)>,
}

#[derive(Debug, FromQueryResult)]
struct Counted {
    facet: i32,
    value: String,
    products: i64,
}

/// All facets of what `filter` leaves, in one statement. A facet's own filter does not narrow it.
///
/// # Errors
///
/// When the store fails.
pub async fn product_facets(store: &Store, filter: &ProductFilter) -> Result<Vec<Facet>, StoreError> {
    let backend = store.reader().backend();
    let mut parts = FacetName::ALL.into_iter().zip(0..).map(|(name, number)| count(backend, filter, name, number));
    let mut statement = parts.next().unwrap_or_default();
    statement.unions(parts.map(|part| (UnionType::All, part)));
    let rows = Counted::find_by_statement(backend.build(&statement)).all(store.reader()).await?;
    let mut facets: Vec<Facet> = FacetName::ALL.map(|name| Facet { name, values: Vec::new() }).into();
    for row in rows {
        if let Some(facet) = usize::try_from(row.facet).ok().and_then(|number| facets.get_mut(number)) {
            facet.values.push((row.value, row.products));
        }
    }
    for facet in &mut facets {
        facet.values.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        facet.values.truncate(VALUES_MAX);
    }
    Ok(facets)
}

fn count(backend: DbBackend, filter: &ProductFilter, name: FacetName, number: i32) -> SelectStatement {
    let counted = Counting { backend, filter, name, number };
    match name {
        FacetName::Category => counted.by_product(product::Column::Category),
        FacetName::Gender => counted.by_product(product::Column::Gender),
        FacetName::Vendor => counted.by_product(product::Column::Vendor),
        FacetName::Material => counted.by_product(product::Column::Material),
        FacetName::Style => counted.by_product(product::Column::Style),
        FacetName::Occasion => counted.by_product(product::Column::Occasion),
        FacetName::Size => counted.by_variant(variant::Column::Size),
        FacetName::Color => counted.by_variant(variant::Column::Color),
        FacetName::Tag => counted.by_tag(),
    }
}

/// One branch of the union.
struct Counting<'a> {
    backend: DbBackend,
    filter: &'a ProductFilter,
    name: FacetName,
    number: i32,
}

impl Counting<'_> {
    fn by_product(&self, column: product::Column) -> SelectStatement {
        let value = Expr::col((product::Entity, column));
        Query::select()
            .expr_as(Expr::val(self.number), "facet")
            .expr_as(value.clone(), "value")
            .expr_as(Func::count(Expr::col(Asterisk)), "products")
            .from(product::Entity)
            .cond_where(self.filter.condition(self.backend, Some(self.name)))
            .and_where(value.clone().is_not_null())
            .and_where(value.clone().ne(""))
            .add_group_by([value])
            .take()
    }

    fn by_tag(&self) -> SelectStatement {
        let value = Expr::col((TAG_ROW, TAG_VALUE));
        Query::select()
            .expr_as(Expr::val(self.number), "facet")
            .expr_as(value.clone(), "value")
            .expr_as(Func::count_distinct(Expr::col((product::Entity, product::Column::Id))), "products")
            .from(product::Entity)
            .from_function(tag_rows(self.backend), TAG_ROW)
            .cond_where(self.filter.condition(self.backend, Some(self.name)))
            .add_group_by([value])
            .take()
    }

    /// Counts a product once per value, and by availability as the list would: it is available in a size when any
    /// fitting variant of that size is.
    fn by_variant(&self, column: variant::Column) -> SelectStatement {
        let value = Expr::col((variant::Entity, column));
        let product_id = Expr::col((variant::Entity, variant::Column::ProductId));
        let mut per_product = Query::select()
            .expr_as(value.clone(), "value")
            .from(variant::Entity)
            .inner_join(product::Entity, product_id.clone().equals((product::Entity, product::Column::Id)))
            .cond_where(self.filter.product_condition(self.backend, None))
            .cond_where(self.filter.fitting_variant(Some(self.name)))
            .and_where(value.clone().is_not_null())
            .add_group_by([value, product_id])
            .take();
        if let Some(available) = self.filter.available {
            let for_sale = Expr::col((variant::Entity, variant::Column::BadgeState)).ne(NOT_FOR_SALE);
            let any = Expr::expr(Func::max(CaseStatement::new().case(for_sale, 1).finally(0)));
            per_product.and_having(any.eq(i32::from(available)));
        }
        Query::select()
            .expr_as(Expr::val(self.number), "facet")
            .column("value")
            .expr_as(Func::count(Expr::col(Asterisk)), "products")
            .from_subquery(per_product, "per_product")
            .group_by_col("value")
            .take()
    }
}
