//! The stock that a command is about, as loaded.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{Badge, ImpossibleEvent, Level, StockEvent, StockPolicy};

/// A location as far as decisions need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Smallest is taken from first.
    pub priority: i32,
    /// Whether its stock may be sold.
    pub active: bool,
}

/// One variant with its levels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkuStock {
    /// The variant.
    pub variant_id: String,
    /// Its product.
    pub product_id: String,
    /// Its SKU.
    pub sku: String,
    /// Whether shoppers are shown its product; what they are not shown is not sold.
    pub is_shown: bool,
    /// What happens when nothing is left.
    pub policy: StockPolicy,
    /// When more comes.
    pub expected_at: Option<DateTime<Utc>>,
    /// The badge as last projected.
    pub badge: Badge,
    /// Levels by location id.
    pub levels: BTreeMap<String, Level>,
}

/// Everything that a decision reads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stock {
    /// Variants by id.
    pub variants: BTreeMap<String, SkuStock>,
    /// Variant ids by SKU.
    pub by_sku: BTreeMap<String, String>,
    /// Locations by id: those of all levels, and those that the command names.
    pub places: BTreeMap<String, Place>,
    /// Pieces of a variant that inbound lines bring to a location, by both ids: nobody may say that fewer are incoming.
    /// Loaded for commands that say what is incoming.
    pub inbound: BTreeMap<(String, String), i32>,
}

impl Stock {
    /// The variant with `sku`.
    #[must_use]
    pub fn of_sku(&self, sku: &str) -> Option<&SkuStock> {
        self.by_sku.get(sku).and_then(|id| self.variants.get(id))
    }

    /// The level of a variant at a location; all zero when it never was.
    #[must_use]
    pub fn level(&self, variant_id: &str, location_id: &str) -> Level {
        self.variants.get(variant_id).and_then(|variant| variant.levels.get(location_id)).copied().unwrap_or_default()
    }

    /// Pieces of a variant that inbound lines bring to a location.
    #[must_use]
    pub fn inbound_to(&self, variant_id: &str, location_id: &str) -> i32 {
        // Mostly there is none, and then no key is made.
        if self.inbound.is_empty() {
            return 0;
        }
        self.inbound.get(&(variant_id.to_owned(), location_id.to_owned())).copied().unwrap_or_default()
    }

    /// The stock as it is after `events`.
    ///
    /// # Errors
    ///
    /// When an event does not fit.
    pub fn after(&self, events: &[StockEvent]) -> Result<Self, ImpossibleEvent> {
        let mut stock = self.clone();
        for event in events {
            let next = stock.level(&event.variant_id, &event.location_id).evolve(event)?;
            if let Some(variant) = stock.variants.get_mut(&event.variant_id) {
                variant.levels.insert(event.location_id.clone(), next);
            }
        }
        Ok(stock)
    }

    /// Gives each location the priority that `priority` says, and takes those without one out of sale.
    pub fn route(&mut self, priority: impl Fn(&str, &Place) -> Option<i32>) {
        for (location_id, place) in &mut self.places {
            *place = match priority(location_id, place) {
                Some(priority) => Place { priority, active: true },
                None => Place { active: false, ..*place },
            };
        }
    }

    /// Adds a variant.
    pub fn insert(&mut self, variant: SkuStock) {
        self.by_sku.insert(variant.sku.clone(), variant.variant_id.clone());
        self.variants.insert(variant.variant_id.clone(), variant);
    }

    /// Pieces of a variant that may be sold, over all active locations.
    #[must_use]
    pub fn available(&self, variant: &SkuStock) -> i32 {
        let sellable = |location_id: &String| self.places.get(location_id).is_some_and(|place| place.active);
        variant
            .levels
            .iter()
            .filter(|(location_id, _)| sellable(location_id))
            .fold(0, |sum: i32, (_, level)| sum.saturating_add(level.available()))
    }
}
