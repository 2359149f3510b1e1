//! The configuration of the subgraph; the defaults serve a shop of up to 50,000 products in one process.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{
    error::StartError,
    models::{CoOccurrenceLimits, HalfLives},
    state::StateLimits,
};

/// The configuration of the subgraph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Length of content vectors; more tells finer, and costs memory (4 bytes each per product) and time.
    pub dimensions: usize,
    /// Purchases and carts of one session within this time are one basket.
    pub basket_window_minutes: u32,
    /// Products viewed in one session within this time were viewed together.
    pub visit_window_minutes: u32,
    /// After this time an event counts half for what is popular.
    pub popular_half_life_hours: u32,
    /// After this time an event counts half for what is trending.
    pub trending_half_life_hours: u32,
    /// Customers remembered at a time; those without an event for longest are forgotten first.
    pub max_customers: usize,
    /// Products asked for at a time when the catalog is loaded, at most 100.
    pub snapshot_page_size: u32,
    /// The longest pause between two tries to reach what is away.
    pub max_retry_ms: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            dimensions: 256,
            basket_window_minutes: 120,
            visit_window_minutes: 30,
            popular_half_life_hours: 7 * 24,
            trending_half_life_hours: 12,
            max_customers: 100_000,
            snapshot_page_size: 100,
            max_retry_ms: 5_000,
        }
    }
}

impl Config {
    /// Checks what types cannot say.
    ///
    /// # Errors
    ///
    /// [`StartError::Configuration`] names the first key that cannot work.
    pub fn validate(&self) -> Result<(), StartError> {
        let positive = |key, value: u64| check(key, &value, value > 0, "at least 1");
        check("dimensions", &self.dimensions, (16..=4_096).contains(&self.dimensions), "16 to 4096")?;
        check(
            "snapshot_page_size",
            &self.snapshot_page_size,
            (1..=100).contains(&self.snapshot_page_size),
            "1 to 100",
        )?;
        check("max_customers", &self.max_customers, self.max_customers > 0, "at least 1")?;
        positive("basket_window_minutes", self.basket_window_minutes.into())?;
        positive("visit_window_minutes", self.visit_window_minutes.into())?;
        positive("popular_half_life_hours", self.popular_half_life_hours.into())?;
        positive("trending_half_life_hours", self.trending_half_life_hours.into())?;
        positive("max_retry_ms", self.max_retry_ms.into())
    }

    /// What bounds the state of a subgraph with this configuration.
    #[must_use]
    pub fn state_limits(&self) -> StateLimits {
        let within = |minutes: u32| CoOccurrenceLimits {
            window: TimeDelta::minutes(minutes.into()),
            ..CoOccurrenceLimits::default()
        };
        StateLimits {
            dimensions: self.dimensions,
            baskets: within(self.basket_window_minutes),
            visits: within(self.visit_window_minutes),
            half_lives: HalfLives {
                popular: TimeDelta::hours(self.popular_half_life_hours.into()),
                trending: TimeDelta::hours(self.trending_half_life_hours.into()),
            },
            max_customers: self.max_customers,
            max_seen_events: 500_000,
        }
    }
}

fn check(key: &'static str, value: &impl ToString, holds: bool, expected: &'static str) -> Result<(), StartError> {
    if holds { Ok(()) } else { Err(StartError::Configuration { key, value: value.to_string(), expected }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_hold_and_mistakes_are_named() {
        assert!(Config::default().validate().is_ok());
        let wrong = Config { dimensions: 0, ..Config::default() };
        assert_eq!(
            wrong.validate().unwrap_err().to_string(),
            "`recommendation.dimensions` is 0, it must be 16 to 4096"
        );
        assert!(serde_json::from_str::<Config>(r#"{"dimension": 3}"#).is_err());
    }
}
