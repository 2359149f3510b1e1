//! selvedge-recommendation
