//! What variants cost at this moment of the database's clock.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use super::{StoreError, collections::is_inside, now};
use crate::{
    domain::pricing::{Discount, Promotion, Quote, Quoted, Tier, quote},
    entity::{collection_product, price_tier, product, promotion, promotion_target, variant},
};

/// The target of a promotion that holds for everything.
pub const TARGET_ALL: &str = "ALL";
/// Keys of one statement; SQLite binds at most 32,766 values.
const KEYS_PER_STATEMENT: usize = 1_000;

/// All that holds for one variant at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedVariant {
    /// The base price in minor units.
    pub base_minor: i64,
    /// The former price in minor units.
    pub compare_at_minor: Option<i64>,
    /// ISO 4217 code of all its prices.
    pub currency: String,
    /// Its tiers.
    pub tiers: Vec<Tier>,
    /// Promotions that hold for it.
    pub promotions: Vec<Promotion>,
}

impl PricedVariant {
    /// What `quantity` pieces cost.
    #[must_use]
    pub fn quote(&self, quantity: i32) -> Quote {
        quote(Quoted {
            base_minor: self.base_minor,
            compare_at_minor: self.compare_at_minor,
            tiers: &self.tiers,
            promotions: &self.promotions,
            quantity,
        })
    }
}

/// A quote, and the currency of its amounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotedLine {
    /// The quote.
    pub quote: Quote,
    /// ISO 4217 code.
    pub currency: String,
}

/// Quotes `lines` of variant id and quantity, with the promotions that need one of `codes`, at this moment; in the order
/// of the lines, `None` for an unknown variant. Works on a transaction too, and reads with a fixed number of statements.
///
/// # Errors
///
/// When the store fails.
pub async fn quote_lines(
    connection: &impl ConnectionTrait,
    lines: &[(&str, i32)],
    codes: &[String],
) -> Result<Vec<Option<QuotedLine>>, StoreError> {
    let variant_ids: Vec<String> = lines.iter().map(|(variant_id, _)| (*variant_id).to_owned()).collect();
    let priced = price_variants(connection, &variant_ids, codes).await?;
    let quoted = lines.iter().map(|(variant_id, quantity)| {
        let priced = priced.get(*variant_id)?;
        Some(QuotedLine { quote: priced.quote(*quantity), currency: priced.currency.clone() })
    });
    Ok(quoted.collect())
}

/// What holds for the variants with one of `variant_ids` at this moment, by id. Promotions that need a code hold when it
/// is one of `codes`.
///
/// # Errors
///
/// When the store fails.
pub async fn price_variants(
    connection: &impl ConnectionTrait,
    variant_ids: &[String],
    codes: &[String],
) -> Result<HashMap<String, PricedVariant>, StoreError> {
    let mut priced = HashMap::with_capacity(variant_ids.len());
    for chunk in variant_ids.chunks(KEYS_PER_STATEMENT) {
        price_chunk(connection, chunk, codes, &mut priced).await?;
    }
    Ok(priced)
}

async fn price_chunk(
    connection: &impl ConnectionTrait,
    variant_ids: &[String],
    codes: &[String],
    priced: &mut HashMap<String, PricedVariant>,
) -> Result<(), StoreError> {
    let time = now::read(connection).await?;
    let variants = variant::Entity::find().filter(variant::Column::Id.is_in(variant_ids)).all(connection).await?;
    let product_ids: BTreeSet<&str> = variants.iter().map(|row| row.product_id.as_str()).collect();
    let products = product::Entity::find().filter(product::Column::Id.is_in(product_ids.iter().copied()));
    let products = products.all(connection).await?;
    let collections = collections_of(connection, &products).await?;
    let places: HashMap<&str, Vec<(&'static str, &str)>> = products
        .iter()
        .map(|row| {
            let mut own = vec![(TARGET_ALL, ""), ("PRODUCT", row.id.as_str()), ("CATEGORY", row.category.as_str())];
            let inside = collections.iter().filter(|(product_id, _)| *product_id == row.id);
            own.extend(inside.map(|(_, collection_id)| ("COLLECTION", collection_id.as_str())));
            (row.id.as_str(), own)
        })
        .collect();
    let keys = places.values().flatten().map(|(_, key)| *key).chain(variant_ids.iter().map(String::as_str)).collect();
    let promotions = promotions_that_hold(connection, keys, codes, time).await?;
    let tiers = price_tier::Entity::find().filter(price_tier::Column::VariantId.is_in(variant_ids));
    let tiers = tiers.filter(not_over(price_tier::Column::EndsAt, time)).all(connection).await?;
    for row in variants {
        let place = places.get(row.product_id.as_str()).map_or(&[][..], Vec::as_slice);
        let is_hit = |target: &promotion_target::Model| {
            let hit = |(kind, key): &(&str, &str)| target.kind == *kind && target.target_id == *key;
            place.iter().any(hit) || hit(&("VARIANT", row.id.as_str()))
        };
        let of_currency =
            |promotion: &promotion::Model| promotion.currency.as_ref().is_none_or(|currency| *currency == row.currency);
        let own = promotions
            .iter()
            .filter(|(promotion, targets)| of_currency(promotion) && targets.iter().any(is_hit))
            .map(|(promotion, _)| promotion_of(promotion))
            .collect::<Result<Vec<_>, _>>()?;
        let own_tiers = tiers.iter().filter(|tier| tier.variant_id == row.id);
        let own_tiers = own_tiers.filter(|tier| holds(tier.starts_at, tier.ends_at, time)).map(tier_of).collect();
        let facts = PricedVariant {
            base_minor: row.price_minor,
            compare_at_minor: row.compare_at_minor,
            currency: row.currency,
            tiers: own_tiers,
            promotions: own,
        };
        priced.insert(row.id, facts);
    }
    Ok(())
}

/// Product and collection, of all collections that these products are in at this moment.
async fn collections_of(
    connection: &impl ConnectionTrait,
    products: &[product::Model],
) -> Result<Vec<(String, String)>, StoreError> {
    Ok(collection_product::Entity::find()
        .select_only()
        .columns([collection_product::Column::ProductId, collection_product::Column::CollectionId])
        .filter(collection_product::Column::ProductId.is_in(products.iter().map(|row| row.id.as_str())))
        .filter(is_inside())
        .into_tuple()
        .all(connection)
        .await?)
}

type WithTargets = Vec<(promotion::Model, Vec<promotion_target::Model>)>;

/// The promotions that hold at `time` for something with one of `keys`, with those of their targets.
async fn promotions_that_hold(
    connection: &impl ConnectionTrait,
    keys: BTreeSet<&str>,
    codes: &[String],
    time: DateTime<Utc>,
) -> Result<WithTargets, StoreError> {
    let targets = promotion_target::Entity::find().filter(promotion_target::Column::TargetId.is_in(keys));
    let targets = targets.all(connection).await?;
    let ids: BTreeSet<&str> = targets.iter().map(|target| target.promotion_id.as_str()).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let codes = codes.iter().map(|code| code.trim().to_uppercase());
    let code = Condition::any().add(promotion::Column::Code.is_null()).add(promotion::Column::Code.is_in(codes));
    let rows = promotion::Entity::find()
        .filter(promotion::Column::Id.is_in(ids))
        .filter(promotion::Column::Enabled.eq(true))
        .filter(not_over(promotion::Column::EndsAt, time))
        .filter(code)
        .all(connection)
        .await?;
    let mut held = Vec::with_capacity(rows.len());
    for row in rows.into_iter().filter(|row| holds(row.starts_at, row.ends_at, time)) {
        let own = targets.iter().filter(|target| target.promotion_id == row.id).cloned().collect();
        held.push((row, own));
    }
    Ok(held)
}

/// Leaves out what is over; [`holds`] decides, since SQLite compares times as texts of different lengths.
fn not_over(ends_at: impl ColumnTrait, time: DateTime<Utc>) -> Condition {
    Condition::any().add(ends_at.is_null()).add(ends_at.gte(time))
}

/// The start is part of the time, the end is not.
fn holds(starts_at: Option<DateTime<Utc>>, ends_at: Option<DateTime<Utc>>, time: DateTime<Utc>) -> bool {
    starts_at.is_none_or(|start| start <= time) && ends_at.is_none_or(|end| time < end)
}

fn tier_of(row: &price_tier::Model) -> Tier {
    Tier { id: row.id.clone(), minimum_quantity: row.minimum_quantity, unit_price_minor: row.unit_price_minor }
}

fn promotion_of(row: &promotion::Model) -> Result<Promotion, StoreError> {
    let discount = match row.kind.as_str() {
        "PERCENTAGE" => Discount::Percentage(row.value),
        "FIXED_AMOUNT" => Discount::FixedAmount(row.value),
        "FIXED_PRICE" => Discount::FixedPrice(row.value),
        other => return Err(StoreError::Corrupt { table: "promotion", reason: format!("its kind is `{other}`") }),
    };
    Ok(Promotion {
        id: row.id.clone(),
        title: row.title.clone(),
        code: row.code.clone(),
        discount,
        priority: row.priority,
        combinable: row.combinable,
    })
}
