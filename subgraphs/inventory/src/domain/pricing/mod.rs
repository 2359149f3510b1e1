//! What a line costs: base price, tiers and promotions → a quote. Pure.
//!
//! All amounts are in minor units of one currency, and for one piece unless they say otherwise.
//!
//! 1. The unit price begins with the base price, or with the lowest price of a tier that the quantity reaches, when that
//!    is lower.
//! 2. Promotions that may not be combined stand alone; those that may are applied one after the other, higher priority
//!    first, then by id. Of all these ways the one with the lowest unit price is taken; where several give the same, the
//!    one whose first promotion has the higher priority, then the smaller id.
//! 3. Percentages are rounded to minor units after each promotion, half up. No price falls below zero, none rises.
//! 4. The total is the unit price times the quantity: what is shown for one piece is what each piece costs.

mod promotion;
mod quote;
#[cfg(test)]
mod tests;

pub use promotion::{BASIS_POINTS, Discount, Promotion, Tier};
pub use quote::{Applied, PriceSource, Quote, Quoted, quote};
