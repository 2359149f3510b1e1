//! What can be configured of inventory.

mod anomalies;

pub use anomalies::{
    AnomalyConfig, CountDifferenceConfig, LargeAdjustmentConfig, ShrinkageConfig, UnusualOutflowConfig,
};
use serde::{Deserialize, Serialize};

/// Configuration of the inventory subgraph; the default runs embedded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the store is, and so which engine: `sqlite://PATH?mode=rwc`, `sqlite::memory:` or `postgres://…`.
    pub database_url: String,
    /// The most connections to the database.
    pub max_connections: u32,
    /// After how many seconds PostgreSQL ends a session whose transaction waits for the process to say something; 0 for what
    /// the server does.
    pub idle_transaction_seconds: u32,
    /// A badge says `LOW_STOCK` at this many units or fewer.
    pub low_stock_threshold: i32,
    /// How often badges that somebody watches are compared with the store, in milliseconds. Events normally carry
    /// every change; this bounds how long a change can stay unseen when another process wrote it and no bus is shared.
    pub badge_resync_ms: u64,
    /// How often reservations that ran out are looked for, in milliseconds.
    pub expiry_interval_ms: u64,
    /// Whether orders are paid through the test provider, which moves no money: for development only. Without it nothing
    /// can be ordered.
    pub test_payments: bool,
    /// How often orders that are being placed are looked for, in milliseconds.
    pub order_interval_ms: u64,
    /// What staff is told of.
    pub alerts: AlertConfig,
    /// How those who wait are told.
    pub waitlist: WaitlistConfig,
}

/// How those who wait for a variant are told that it is there.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WaitlistConfig {
    /// How long pieces that somebody was told of count as theirs, in seconds.
    pub offer_seconds: u32,
    /// `http://` or `https://` address that notices are sent to; when absent they are only logged.
    pub webhook_url: Option<String>,
    /// What notices are signed with, at least 16 characters.
    pub webhook_secret: Option<String>,
}

impl Default for WaitlistConfig {
    fn default() -> Self {
        Self { offer_seconds: 86_400, webhook_url: None, webhook_secret: None }
    }
}

impl std::fmt::Debug for WaitlistConfig {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { offer_seconds, webhook_url, webhook_secret } = self;
        let secret = webhook_secret.as_ref().map(|_| "…");
        let mut shown = formatter.debug_struct("WaitlistConfig");
        shown.field("offer_seconds", offer_seconds).field("webhook_url", webhook_url);
        shown.field("webhook_secret", &secret).finish()
    }
}

/// What staff is told of, where nothing else is set for a SKU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlertConfig {
    /// At so many units of a SKU or fewer, over all locations; `low_stock_threshold` when absent.
    pub threshold: Option<i32>,
    /// At so many units at one location; when absent, only where a threshold is set for it.
    pub location_threshold: Option<i32>,
    /// So many units above its threshold an alert is over.
    pub clear_margin: i32,
    /// Raised again within this time after it was over, an alert is the same one, in seconds.
    pub reopen_seconds: u32,
    /// From so many refused attempts to buy a SKU through a channel within five minutes on.
    pub sale_attempts: u32,
    /// What about stock is odd.
    pub anomalies: AnomalyConfig,
}

impl Default for AlertConfig {
    fn default() -> Self {
        Self {
            threshold: None,
            location_threshold: None,
            clear_margin: 2,
            reopen_seconds: 900,
            sale_attempts: 10,
            anomalies: AnomalyConfig::default(),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database_url: "sqlite://selvedge-data/inventory.db?mode=rwc".to_owned(),
            max_connections: 10,
            idle_transaction_seconds: 60,
            low_stock_threshold: 5,
            badge_resync_ms: 10_000,
            expiry_interval_ms: 250,
            test_payments: false,
            order_interval_ms: 200,
            alerts: AlertConfig::default(),
            waitlist: WaitlistConfig::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Config;

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let error = serde_json::from_str::<Config>(r#"{"databse_url": "x"}"#).unwrap_err();
        assert!(error.to_string().contains("databse_url"), "{error}");
    }

    #[test]
    fn a_partial_configuration_keeps_the_defaults() {
        let config: Config = serde_json::from_str(r#"{"low_stock_threshold": 3}"#).unwrap();
        assert_eq!(config, Config { low_stock_threshold: 3, ..Config::default() });
    }
}
