//! selvedge-gateway
