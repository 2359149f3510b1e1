//! Carts and orders: placed whatever dies on the way, paid once, and sent, cancelled and taken back without losing a piece.

mod carts;
mod changes;
pub(crate) mod desk;
mod kills;
mod late;
mod lives;
mod placing;
