//! Where evictions come from.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::{AnswerCache, EntityEvent};

/// Evicts entities; cheap to clone. Does nothing where no answers are kept.
#[derive(Clone, Default)]
pub struct EntityEvents {
    cache: Option<AnswerCache>,
}

impl EntityEvents {
    /// The way into `cache`.
    #[must_use]
    pub const fn into_cache(cache: Option<AnswerCache>) -> Self {
        Self { cache }
    }

    /// Whether anything is kept that could be evicted.
    #[must_use]
    pub const fn is_heard(&self) -> bool {
        self.cache.is_some()
    }

    /// Ends every answer that has read the entity; when it returns, none of them is given to anyone any more.
    pub fn evict(&self, event: &EntityEvent) {
        if let Some(cache) = &self.cache {
            cache.evict(event);
        }
    }

    /// Ends every answer.
    pub fn evict_all(&self) {
        if let Some(cache) = &self.cache {
            cache.evict_all();
        }
    }

    /// A source that tells all changes of `types` from now on. Until it says that it is connected, and whenever it is
    /// not, nothing that has read one of them is kept.
    #[must_use]
    pub fn source(&self, types: &[String]) -> EventSource {
        let types = self.cache.as_ref().map(|cache| cache.follow(types)).unwrap_or_default();
        EventSource(Arc::new(Source { cache: self.cache.clone(), types, is_connected: AtomicBool::new(false) }))
    }
}

/// A source of events about some types; cheap to clone. When the last clone is dropped, the source is away for good.
#[derive(Clone)]
pub struct EventSource(Arc<Source>);

struct Source {
    cache: Option<AnswerCache>,
    types: Vec<u64>,
    is_connected: AtomicBool,
}

impl EventSource {
    /// Every change from now on will be told.
    pub fn connect(&self) {
        if let (Some(cache), false) = (&self.0.cache, self.0.is_connected.swap(true, Ordering::AcqRel)) {
            cache.unblock(&self.0.types);
        }
    }

    /// Changes may be missed from now on.
    pub fn disconnect(&self) {
        self.0.disconnect();
    }

    /// Tells a change.
    pub fn evict(&self, event: &EntityEvent) {
        self.evict_together(std::slice::from_ref(event));
    }

    /// Tells all that one event of the world has changed.
    pub fn evict_together(&self, events: &[EntityEvent]) {
        if let (Some(cache), false) = (&self.0.cache, events.is_empty()) {
            cache.evict_together(events);
        }
    }
}

impl Source {
    fn disconnect(&self) {
        if let (Some(cache), true) = (&self.cache, self.is_connected.swap(false, Ordering::AcqRel)) {
            cache.block(&self.types);
        }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.disconnect();
    }
}
