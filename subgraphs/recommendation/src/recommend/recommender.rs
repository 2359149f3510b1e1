//! The one that recommends.

use std::sync::Arc;

use selvedge_kit::clock::Clock;

use super::neighbours::NeighbourCache;
use crate::{
    domain::{DiversityLimits, SourceWeights},
    state::LiveState,
};

/// How lists are made.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How far each source is believed.
    pub weights: SourceWeights,
    /// How much variety a feed has.
    pub diversity: DiversityLimits,
    /// Of how many of the last products a customer dealt with a feed is made.
    pub max_seeds: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { weights: SourceWeights::default(), diversity: DiversityLimits::default(), max_seeds: 8 }
    }
}

/// Makes lists from what is known at the moment. Its methods compute: on large catalogs for milliseconds, so call them
/// where blocking is allowed.
#[derive(Clone)]
pub struct Recommender {
    pub(super) state: Arc<LiveState>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) settings: Settings,
    pub(super) neighbour_cache: Arc<NeighbourCache>,
}

impl Recommender {
    /// A recommender over `state`.
    #[must_use]
    pub fn new(state: Arc<LiveState>, clock: Arc<dyn Clock>, settings: Settings) -> Self {
        Self { state, clock, settings, neighbour_cache: Arc::new(NeighbourCache::new()) }
    }
}
