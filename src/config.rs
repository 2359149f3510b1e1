//! The configuration of the whole: `selvedge.yaml` and the environment, read here and nowhere else.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use schemars::JsonSchema;
use selvedge_gateway::config::{self as gateway_config, Config as GatewayConfig};
use selvedge_kit::bus::BusSettings;
use serde::{Deserialize, Serialize};

use crate::{
    entity_mapping::{self, EntityMappings},
    failure::Failure,
};

/// Everything that `selvedge.yaml` may say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Config {
    /// The gateway's sections stand at the top level.
    #[serde(flatten)]
    pub(crate) gateway: GatewayConfig,
    /// The inventory subgraph.
    pub(crate) inventory: InventorySection,
    /// The preferences subgraph.
    pub(crate) preferences: PreferencesSection,
    /// The recommendation subgraph.
    pub(crate) recommendation: RecommendationSection,
    /// The event bus.
    pub(crate) events: EventsSection,
}

/// Section `inventory`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct InventorySection {
    /// `postgres://…` or `sqlite://PATH?mode=rwc`; also `DATABASE_URL`. Absent: SQLite in the data folder.
    pub(crate) database_url: Option<String>,
    /// The most connections to the database.
    #[schemars(range(min = 1))]
    pub(crate) max_connections: u32,
    /// After how many seconds PostgreSQL ends a session whose transaction waits for the process to say something; 0 for what
    /// the server does.
    pub(crate) idle_transaction_seconds: u32,
    /// A badge says `LOW_STOCK` at this many units or fewer.
    #[schemars(range(min = 0))]
    pub(crate) low_stock_threshold: i32,
    /// Who takes payments. `test` moves no money and is for development alone, where it is the default; without a
    /// provider nothing can be ordered.
    pub(crate) payment_provider: Option<PaymentProviderName>,
    /// What staff is told of.
    pub(crate) alerts: AlertSection,
    /// How those who wait are told.
    pub(crate) waitlist: WaitlistSection,
}

/// Section `inventory.waitlist`: how those who wait for a SKU are told that it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct WaitlistSection {
    /// How long pieces that somebody was told of count as theirs.
    pub(crate) offer_seconds: u32,
    /// `http://` or `https://` address that notices are sent to. Absent: they are only logged.
    pub(crate) webhook_url: Option<String>,
    /// What notices are signed with, at least 16 characters.
    pub(crate) webhook_secret: Option<gateway_config::Secret>,
}

impl WaitlistSection {
    /// As the subgraph takes it.
    pub(crate) fn own(&self) -> selvedge_inventory::WaitlistConfig {
        selvedge_inventory::WaitlistConfig {
            offer_seconds: self.offer_seconds,
            webhook_url: self.webhook_url.clone(),
            webhook_secret: self
                .webhook_secret
                .as_ref()
                .map(|secret| String::from_utf8_lossy(secret.expose()).into_owned()),
        }
    }
}

impl Default for WaitlistSection {
    fn default() -> Self {
        let own = selvedge_inventory::WaitlistConfig::default();
        Self { offer_seconds: own.offer_seconds, webhook_url: None, webhook_secret: None }
    }
}

/// Section `inventory.alerts`: what staff is told of, where nothing else is set for a SKU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AlertSection {
    /// At so many units of a SKU or fewer, over all locations. Absent: `low_stock_threshold`.
    #[schemars(range(min = 0))]
    pub(crate) threshold: Option<i32>,
    /// At so many units at one location. Absent: only where a threshold is set for it.
    #[schemars(range(min = 0))]
    pub(crate) location_threshold: Option<i32>,
    /// So many units above its threshold an alert is over.
    #[schemars(range(min = 0))]
    pub(crate) clear_margin: i32,
    /// Raised again within this time after it was over, an alert is the same one.
    pub(crate) reopen_seconds: u32,
    /// From so many refused attempts to buy a SKU through a channel within five minutes on.
    #[schemars(range(min = 1))]
    pub(crate) sale_attempts: u32,
    /// What about stock is odd enough to be told.
    pub(crate) anomalies: selvedge_inventory::AnomalyConfig,
}

impl AlertSection {
    /// As the subgraph takes it.
    pub(crate) fn own(&self) -> selvedge_inventory::AlertConfig {
        selvedge_inventory::AlertConfig {
            threshold: self.threshold,
            location_threshold: self.location_threshold,
            clear_margin: self.clear_margin,
            reopen_seconds: self.reopen_seconds,
            sale_attempts: self.sale_attempts,
            anomalies: self.anomalies.clone(),
        }
    }
}

impl Default for AlertSection {
    fn default() -> Self {
        let selvedge_inventory::AlertConfig {
            threshold,
            location_threshold,
            clear_margin,
            reopen_seconds,
            sale_attempts,
            anomalies,
        } = selvedge_inventory::AlertConfig::default();
        Self { threshold, location_threshold, clear_margin, reopen_seconds, sale_attempts, anomalies }
    }
}

/// A payment provider that can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PaymentProviderName {
    /// The one for development.
    Test,
}

impl Default for InventorySection {
    fn default() -> Self {
        let own = selvedge_inventory::Config::default();
        Self {
            database_url: None,
            max_connections: own.max_connections,
            idle_transaction_seconds: own.idle_transaction_seconds,
            low_stock_threshold: own.low_stock_threshold,
            payment_provider: None,
            alerts: AlertSection::default(),
            waitlist: WaitlistSection::default(),
        }
    }
}

/// Section `preferences`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PreferencesSection {
    /// `mongodb://…` or `sqlite://PATH?mode=rwc`; also `MONGODB_URI`. Absent: SQLite in the data folder.
    pub(crate) store_url: Option<String>,
    /// The database of a MongoDB server.
    pub(crate) database: String,
    /// After how many days behaviour is deleted.
    #[schemars(range(min = 1))]
    pub(crate) behaviour_retention_days: u16,
}

impl Default for PreferencesSection {
    fn default() -> Self {
        let own = selvedge_preferences::Config::default();
        Self { store_url: None, database: own.database, behaviour_retention_days: own.behaviour_retention_days }
    }
}

/// Section `recommendation`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RecommendationSection {
    /// Where the inventory subgraph is, when recommendation runs alone.
    pub(crate) inventory_url: String,
}

impl Default for RecommendationSection {
    fn default() -> Self {
        Self { inventory_url: "http://127.0.0.1:4001/graphql".to_owned() }
    }
}

/// Section `events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct EventsSection {
    /// `redis://…`; also `REDIS_URL`. Absent: a bus inside the process.
    pub(crate) redis_url: Option<String>,
    /// Streams are named `PREFIX:TOPIC`.
    pub(crate) prefix: String,
    /// How many events Redis keeps per topic, about.
    #[schemars(range(min = 1))]
    pub(crate) max_events: usize,
    /// After how many days Redis forgets an event, about. Absent: the number alone decides.
    #[schemars(range(min = 1))]
    pub(crate) keep_days: Option<u16>,
    /// After so many deliveries that failed an event goes to the dead letters.
    #[schemars(range(min = 1))]
    pub(crate) max_attempts: u32,
    /// Event type → the entities that it ends in the gateway's cache of answers; when absent, those of the shop.
    pub(crate) entities: Option<EntityMappings>,
}

impl Default for EventsSection {
    fn default() -> Self {
        let BusSettings { redis_events: max_events, max_attempts, .. } = BusSettings::default();
        let prefix = "selvedge".to_owned();
        Self { redis_url: None, prefix, max_events, keep_days: None, max_attempts, entities: None }
    }
}

impl EventsSection {
    /// How the bus delivers and what it keeps.
    pub(crate) fn bus_settings(&self) -> BusSettings {
        BusSettings {
            redis_events: self.max_events.max(1),
            redis_keep: self.keep_days.map(|days| Duration::from_hours(24) * u32::from(days.max(1))),
            max_attempts: self.max_attempts.max(1),
            ..BusSettings::default()
        }
    }

    /// The entities that each type of event is about: as configured, else what is known of the shop's own graph.
    pub(crate) fn entity_mappings(&self, is_shop: bool) -> EntityMappings {
        let otherwise = || if is_shop { entity_mapping::of_the_shop() } else { EntityMappings::new() };
        self.entities.clone().unwrap_or_else(otherwise)
    }
}

/// Finds the key that a variable sets.
type EngineKey = fn(&mut Config) -> &mut Option<String>;

/// The environment variables that choose engines, and the key that each sets.
const ENGINES: [(&str, EngineKey); 3] = [
    ("DATABASE_URL", |config| &mut config.inventory.database_url),
    ("MONGODB_URI", |config| &mut config.preferences.store_url),
    ("REDIS_URL", |config| &mut config.events.redis_url),
];

/// What the process was started with.
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Reads the variables of the process; those that are not text are of no use here.
    pub(crate) fn read() -> Self {
        Self(
            std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
        )
    }

    /// The variable `name`, when it is set and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// What a configuration is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To serve the gateway alone.
    Gateway {
        /// Whether it is development mode where neither file nor environment say.
        development: bool,
    },
    /// To serve subgraphs alone; the secret that they share with the gateway must be there.
    Subgraphs,
    /// To serve the whole shop in one process; in development mode where neither file nor environment say otherwise.
    Shop,
    /// To find the stores; secrets are not needed.
    Tool,
}

/// The configuration in `file` (`selvedge.yaml` of the working folder when it is there and none is named), with the
/// environment over it.
pub(crate) fn load(file: Option<&Path>, environment: &Environment, purpose: Purpose) -> Result<Config, Failure> {
    let default_file = Path::new("selvedge.yaml");
    let file = file.or_else(|| default_file.exists().then_some(default_file));
    let yaml = match file {
        Some(path) => fs::read_to_string(path)
            .map_err(|error| Failure::operation(format!("cannot read `{}`", path.display()), &error))?,
        None => String::new(),
    };
    let named = |error: gateway_config::ConfigError| match file {
        Some(path) => Failure::Usage(format!("{}: {error}", path.display())),
        None => Failure::Usage(error.to_string()),
    };
    let development: &[_] = match purpose {
        Purpose::Gateway { development: true } | Purpose::Shop => &[("mode", "development")],
        Purpose::Gateway { development: false } | Purpose::Subgraphs | Purpose::Tool => &[],
    };
    let mut config: Config = gateway_config::parse_over(development, &yaml, &environment.0).map_err(named)?;
    for (variable, key) in ENGINES {
        if let Some(value) = environment.get(variable) {
            *key(&mut config) = Some(value.to_owned());
        }
    }
    name_live_streams(&mut config.gateway);
    name_revisions(&mut config.gateway);
    if purpose == Purpose::Shop {
        // Its subgraphs say what may be kept, and their events come in the same process.
        config.gateway.cache.enabled.get_or_insert(true);
    }
    config.gateway.fill_development_secrets();
    if purpose != Purpose::Tool {
        config.gateway.validate().map_err(named)?;
    }
    if matches!(purpose, Purpose::Subgraphs | Purpose::Shop) {
        config.gateway.identity.require().map_err(named)?;
    }
    if purpose != Purpose::Tool {
        check_payments(&config)?;
    }
    Ok(config)
}

/// Goods are not given away by mistake: a provider that moves no money is refused where customers buy.
fn check_payments(config: &Config) -> Result<(), Failure> {
    if config.inventory.payment_provider == Some(PaymentProviderName::Test) && !config.gateway.is_development() {
        return Err(Failure::Usage(
            "`inventory.payment_provider: test` moves no money: it works with `mode: development` alone".to_owned(),
        ));
    }
    Ok(())
}

/// Tells the gateway what it cannot know by itself: a stock badge is known by its SKU and is the same for everyone, so
/// all shoppers can share its streams. A configuration that names streams itself is left as it is.
fn name_live_streams(gateway: &mut GatewayConfig) {
    let streams = &mut gateway.subscriptions;
    if streams.conflate.is_empty() && streams.public_fields.is_empty() {
        streams.conflate.insert("stockBadges".to_owned(), "sku".to_owned());
        streams.public_fields.push("stockBadges".to_owned());
    }
}

/// Tells the gateway which field of the shop's entities is their revision; a configuration that names it is left.
fn name_revisions(gateway: &mut GatewayConfig) {
    let badge = gateway.cache.types.entry("StockBadge".to_owned()).or_default();
    badge.revision_field.get_or_insert_with(|| "revision".to_owned());
}
