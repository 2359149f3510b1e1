//! The section `preferences` of the configuration.

use serde::{Deserialize, Serialize};

/// How the subgraph runs. The default keeps everything in memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `sqlite://PATH?mode=rwc`, `sqlite::memory:`, `mongodb://…` or `mongodb+srv://…`.
    pub store_url: String,
    /// The database of a MongoDB server.
    pub database: String,
    /// The most connections to the store that are open at once.
    pub max_connections: u32,
    /// After how many days behaviour is deleted; at least 1.
    pub behaviour_retention_days: u16,
    /// Seconds between two rounds of deleting what expired; at least 1.
    pub sweep_interval_s: u64,
    /// Seconds between two looks at whether store and bus can be used; at least 1.
    pub health_interval_s: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            store_url: "sqlite::memory:".to_owned(),
            database: "selvedge_preferences".to_owned(),
            max_connections: 8,
            behaviour_retention_days: 90,
            sweep_interval_s: 60,
            health_interval_s: 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_has_its_default_and_unknown_keys_are_refused() {
        let config: Config = serde_json::from_str(r#"{ "database": "shop" }"#).unwrap();
        assert_eq!(config, Config { database: "shop".to_owned(), ..Config::default() });
        let error = serde_json::from_str::<Config>(r#"{ "databse": "shop" }"#).unwrap_err();
        assert!(error.to_string().contains("databse"), "{error}");
    }
}
