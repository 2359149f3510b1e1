//! What a subgraph is given, and what it gives back.

use std::{collections::BTreeMap, sync::Arc};

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::GraphqlExecutor;
use crate::{bus::EventBus, clock::Clock};

/// What every subgraph is built from.
#[derive(Clone)]
pub struct Dependencies {
    /// The event bus.
    pub bus: Arc<dyn EventBus>,
    /// Whether the bus forgets at restart, so that outboxes refill it (true for the in-process bus).
    pub refill_bus: bool,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Cancelled when the process is asked to stop.
    pub shutdown: CancellationToken,
}

/// Whether each thing that a subgraph depends on is usable; read by `/health/ready`.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<parking_lot::RwLock<BTreeMap<&'static str, Result<(), String>>>>);

impl Readiness {
    /// Records the state of the dependency `name`.
    pub fn set(&self, name: &'static str, state: Result<(), String>) {
        self.0.write().insert(name, state);
    }

    /// What is not usable, with the reason; empty when ready.
    #[must_use]
    pub fn failures(&self) -> Vec<(&'static str, String)> {
        self.0.read().iter().filter_map(|(name, state)| state.as_ref().err().map(|e| (*name, e.clone()))).collect()
    }
}

/// A started subgraph.
pub struct RunningSubgraph {
    /// `inventory`, `preferences` or `recommendation`.
    pub name: &'static str,
    /// Its Federation v2 SDL.
    pub sdl: String,
    /// Runs its operations.
    pub executor: Arc<dyn GraphqlExecutor>,
    /// Its health.
    pub readiness: Readiness,
    /// Background work (relay, projections, expiry): ended by the shutdown token, joined before exit.
    pub tasks: Vec<JoinHandle<()>>,
}
