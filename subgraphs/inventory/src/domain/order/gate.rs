//! The gate in front of a channel: what it may not sell, however much there is.

use crate::domain::{Stock, UserError};

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
    fn admit(&self, channel: &str, stock: &Stock, wants: &[ChannelWant]) -> Result<(), Vec<UserError>>;
}

/// Every channel may sell all that is available.
#[derive(Debug, Clone, Copy, Default)]
pub struct AllAvailable;

impl ChannelGate for AllAvailable {
    fn admit(&self, _channel: &str, _stock: &Stock, _wants: &[ChannelWant]) -> Result<(), Vec<UserError>> {
        Ok(())
    }
}
