//! The gate in front of a channel: what it may not sell, however much there is.

use std::collections::BTreeMap;

use crate::domain::{ChannelRules, ErrorCode, Stock, UserError};

/// Pieces that a channel wants to sell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelWant {
    /// The SKU.
    pub sku: String,
    /// Pieces.
    pub quantity: i32,
}

/// Decides whether a channel may sell pieces. It is asked under the lock that serialises the commands of these SKUs, just
/// before they are held, so that an answer from `stock` is exact.
pub trait ChannelGate: Send + Sync + std::fmt::Debug {
    /// Lets the pieces through.
    ///
    /// # Errors
    ///
    /// What the channel may not sell, with the code `CHANNEL_LIMIT_EXCEEDED`.
    fn admit(
        &self,
        channel: &str,
        rules: &ChannelRules,
        stock: &Stock,
        wants: &[ChannelWant],
    ) -> Result<(), Vec<UserError>>;
}

/// A channel may sell what its rules leave: its locations, its safety stock, its allocation.
#[derive(Debug, Clone, Copy, Default)]
pub struct ByRules;

impl ChannelGate for ByRules {
    fn admit(
        &self,
        channel: &str,
        rules: &ChannelRules,
        stock: &Stock,
        wants: &[ChannelWant],
    ) -> Result<(), Vec<UserError>> {
        let mut wanted: BTreeMap<&str, (usize, i32)> = BTreeMap::new();
        for (index, want) in wants.iter().enumerate() {
            let (_, sum) = wanted.entry(&want.sku).or_insert((index, 0));
            *sum = sum.saturating_add(want.quantity);
        }
        let mut errors = Vec::new();
        for (sku, (index, quantity)) in wanted {
            // So is what is not known.
            let Some(variant) = stock.of_sku(sku) else { continue };
            let levels = variant.levels.iter().map(|(location_id, level)| (location_id.as_str(), level));
            let promised = rules.available_to_promise(&variant.variant_id, levels, |id| stock.places.get(id).copied());
            // More than there is at all is refused by the decision itself, which says so.
            if quantity > promised && quantity <= stock.available(variant) {
                let message =
                    format!("channel `{channel}` may sell {promised} pieces of `{sku}` now, {quantity} are wanted");
                let index = index.to_string();
                errors.push(UserError::at(
                    &["input", "lines", &index, "quantity"],
                    ErrorCode::ChannelLimitExceeded,
                    message,
                ));
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}
