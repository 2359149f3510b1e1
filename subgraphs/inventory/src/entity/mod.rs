//! Rows of the database as SeaORM entities; never API types.

pub mod channel;
pub mod channel_allocation;
pub mod channel_location;
pub mod idempotency;
pub mod location;
pub mod outbox;
pub mod price_tier;
pub mod product;
pub mod product_image;
pub mod product_option;
pub mod projected_level;
pub mod promotion;
pub mod promotion_target;
pub mod reconciliation;
pub mod reservation;
pub mod reservation_line;
pub mod stock_event;
pub mod stock_level;
pub mod variant;
