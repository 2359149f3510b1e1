//! What a customer's consent means for what is kept: withdrawal deletes behaviour, and time deletes all of it.

mod consent;
mod sweep;

pub use consent::Privacy;
pub use sweep::Sweeper;
