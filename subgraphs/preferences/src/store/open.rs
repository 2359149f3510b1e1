//! Choosing the engine by URL.

use std::sync::Arc;

use super::{CustomerStore, EmbeddedStore, MongodbStore, StoreError};

/// Where the store is.
#[derive(Debug, Clone, Copy)]
pub struct OpenOptions<'a> {
    /// `sqlite:…`, `mongodb:…` or `mongodb+srv:…`.
    pub store_url: &'a str,
    /// The database of a MongoDB server.
    pub database: &'a str,
    /// The most connections that are open at once.
    pub max_connections: u32,
}

/// Opens the store and makes its collections and indexes.
///
/// # Errors
///
/// When no engine serves the URL, or the engine does not answer.
pub async fn open(options: OpenOptions<'_>) -> Result<Arc<dyn CustomerStore>, StoreError> {
    let scheme = options.store_url.split_once(':').map_or(options.store_url, |(scheme, _)| scheme);
    match scheme {
        "sqlite" => Ok(Arc::new(EmbeddedStore::open(options.store_url, options.max_connections).await?)),
        "mongodb" | "mongodb+srv" => {
            Ok(Arc::new(MongodbStore::open(options.store_url, options.database, options.max_connections).await?))
        }
        _ => Err(StoreError::UnknownEngine { scheme: scheme.chars().take(20).collect() }),
    }
}
