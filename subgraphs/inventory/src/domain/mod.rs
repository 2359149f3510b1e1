//! The rules of stock, without a database, a clock or a web framework.
//!
//! [`decide`] turns a [`Command`] and the [`Stock`] it is about into [`StockEvent`]s or the reasons why not;
//! [`Level::evolve`] folds an event into a level; [`Badge::of`] says what a shopper may be told.

pub mod alert;
mod badge;
mod channel;
pub mod collection;
mod command;
pub mod curation;
mod decide;
mod event;
mod level;
pub mod order;
pub mod pricing;
pub mod publication;
mod quantities;
mod refusal;
mod stock;
pub mod supply;
pub mod waitlist;

pub use badge::{Badge, StockPolicy, StockState};
pub use channel::{Allocation, ChannelRules};
pub use command::{Change, Command, Hold, Move, MoveEnd, PieceMove, SetQuantity, Target, Want};
pub use decide::{decide, reserve_in_turn};
pub use event::{EventKind, StockEvent};
pub use level::{ImpossibleEvent, Level};
pub use quantities::{Quantities, QuantityName};
pub use refusal::{ErrorCode, UserError};
pub use stock::{Place, SkuStock, Stock};
