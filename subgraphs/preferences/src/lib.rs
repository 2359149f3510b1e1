//! selvedge-preferences
