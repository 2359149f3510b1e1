//! The quote.

use std::cmp::Reverse;

use super::promotion::{Promotion, Tier};

/// What is to be quoted: everything that holds at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quoted<'a> {
    /// The base price.
    pub base_minor: i64,
    /// The former price, above the base price.
    pub compare_at_minor: Option<i64>,
    /// The tiers of the variant, in any order.
    pub tiers: &'a [Tier],
    /// The promotions that hold for it, in any order.
    pub promotions: &'a [Promotion],
    /// Pieces, at least 1.
    pub quantity: i32,
}

/// Where a unit price comes from, the last step that lowered it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PriceSource {
    /// The base price.
    Base,
    /// A tier.
    Tier,
    /// One or several promotions.
    Promotion,
}

/// A promotion that lowered the price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The promotion.
    pub promotion: Promotion,
    /// What it took off each piece.
    pub discount_minor: i64,
}

/// What a line costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// What each piece costs without tiers and promotions.
    pub base_minor: i64,
    /// What each piece costs.
    pub unit_price_minor: i64,
    /// What all pieces cost.
    pub total_minor: i64,
    /// What all pieces would cost without tiers and promotions.
    pub base_total_minor: i64,
    /// What each piece would cost otherwise: the former price, or the base price where the unit price is lower.
    pub compare_at_minor: Option<i64>,
    /// Where the unit price comes from.
    pub source: PriceSource,
    /// The tier that it began with.
    pub tier: Option<Tier>,
    /// What lowered it, in order.
    pub applied: Vec<Applied>,
}

/// Quotes one line.
#[must_use]
pub fn quote(line: Quoted<'_>) -> Quote {
    let base = line.base_minor.max(0);
    let reached = line.tiers.iter().filter(|tier| tier.minimum_quantity <= line.quantity);
    let best = reached.min_by_key(|tier| (tier.unit_price_minor, Reverse(tier.minimum_quantity), &tier.id));
    let tier = best.filter(|tier| tier.unit_price_minor < base).cloned();
    let start = tier.as_ref().map_or(base, |tier| tier.unit_price_minor.max(0));
    let (unit, applied) = cheapest(start, line.promotions);
    let source = match (applied.is_empty(), &tier) {
        (false, _) => PriceSource::Promotion,
        (true, Some(_)) => PriceSource::Tier,
        (true, None) => PriceSource::Base,
    };
    let former = line.compare_at_minor.or((unit < base).then_some(base)).filter(|former| *former > unit);
    Quote {
        base_minor: base,
        unit_price_minor: unit,
        total_minor: unit.saturating_mul(line.quantity.max(0).into()),
        base_total_minor: base.saturating_mul(line.quantity.max(0).into()),
        compare_at_minor: former,
        source,
        tier,
        applied,
    }
}

/// The lowest price that `promotions` make of `start`, and those that have made it so.
fn cheapest(start: i64, promotions: &[Promotion]) -> (i64, Vec<Applied>) {
    let mut ordered: Vec<&Promotion> = promotions.iter().collect();
    ordered.sort_by_key(|promotion| (Reverse(promotion.priority), &promotion.id));
    let together = ordered.iter().copied().filter(|promotion| promotion.combinable).collect();
    let alone = ordered.iter().copied().filter(|promotion| !promotion.combinable).map(|promotion| vec![promotion]);
    let ways = alone.chain([together]).map(|way: Vec<&Promotion>| apply(start, &way));
    let rank = |(price, applied): &(i64, Vec<Applied>)| {
        let first = applied.first().map(|first| (Reverse(first.promotion.priority), first.promotion.id.clone()));
        // Without a first promotion nothing was lowered, so that any other way is cheaper.
        (*price, first)
    };
    ways.min_by_key(rank).unwrap_or((start, Vec::new()))
}

/// One promotion after the other; those that lower nothing are left out.
fn apply(start: i64, promotions: &[&Promotion]) -> (i64, Vec<Applied>) {
    let (mut price, mut applied) = (start, Vec::new());
    for promotion in promotions {
        let after = promotion.discount.apply(price);
        if after < price {
            applied.push(Applied { promotion: (*promotion).clone(), discount_minor: price - after });
            price = after;
        }
    }
    (price, applied)
}
