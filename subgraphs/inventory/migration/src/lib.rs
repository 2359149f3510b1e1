//! selvedge-inventory-migration
