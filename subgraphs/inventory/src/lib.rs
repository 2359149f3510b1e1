//! selvedge-inventory
