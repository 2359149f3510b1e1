//! The whole of what is known, with its locks.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use chrono::{DateTime, Utc};
use parking_lot::{Mutex, RwLock};

use super::{
    catalog::{BadgeOutcome, Catalog, SnapshotProduct},
    customers::{CustomerView, Customers},
    seen::SeenEvents,
};
use crate::{
    domain::{Badge, Behaviour, Consent, Product, ProductId, Sku, StyleProfile},
    models::{CoOccurrence, CoOccurrenceLimits, HalfLives, Popularity},
    vectors::{FlatIndex, Vectorizer},
};

/// What bounds and shapes the state.
#[derive(Debug, Clone, Copy)]
pub struct StateLimits {
    /// Length of content vectors.
    pub dimensions: usize,
    /// How baskets teach.
    pub baskets: CoOccurrenceLimits,
    /// How visits teach.
    pub visits: CoOccurrenceLimits,
    /// How fast interest is forgotten.
    pub half_lives: HalfLives,
    /// Customers remembered.
    pub max_customers: usize,
    /// Event ids remembered.
    pub max_seen_events: usize,
}

/// What the subgraph knows.
pub struct LiveState {
    dimensions: usize,
    catalog: RwLock<Catalog>,
    behaviour: RwLock<BehaviourModels>,
    customers: Mutex<Customers>,
    seen: Mutex<SeenEvents>,
    session_hasher: RandomState,
    loaded: AtomicBool,
}

/// The models that behaviour teaches.
pub(crate) struct BehaviourModels {
    pub(crate) baskets: CoOccurrence,
    pub(crate) visits: CoOccurrence,
    pub(crate) popularity: Popularity,
}

impl LiveState {
    /// A state that knows nothing.
    #[must_use]
    pub fn new(limits: &StateLimits) -> Self {
        Self {
            dimensions: limits.dimensions,
            catalog: RwLock::new(Catalog::new(Box::new(FlatIndex::new(limits.dimensions)), limits.dimensions)),
            behaviour: RwLock::new(BehaviourModels {
                baskets: CoOccurrence::new(limits.baskets),
                visits: CoOccurrence::new(limits.visits),
                popularity: Popularity::new(limits.half_lives),
            }),
            customers: Mutex::new(Customers::with_capacity(limits.max_customers)),
            seen: Mutex::new(SeenEvents::with_capacity(limits.max_seen_events)),
            session_hasher: RandomState::new(),
            loaded: AtomicBool::new(false),
        }
    }

    /// Reads the catalog; keep `read` short.
    pub fn with_catalog<R>(&self, read: impl FnOnce(&Catalog) -> R) -> R {
        read(&self.catalog.read())
    }

    /// Reads the models; keep `read` short. It may read the catalog.
    pub(crate) fn with_behaviour<R>(&self, read: impl FnOnce(&BehaviourModels) -> R) -> R {
        read(&self.behaviour.read())
    }

    /// The customer, when known and agreed to personalisation.
    #[must_use]
    pub fn customer(&self, id: &str) -> Option<CustomerView> {
        self.customers.lock().view(id)
    }

    /// Records that the whole catalog was loaded once.
    pub fn set_loaded(&self) {
        self.loaded.store(true, Ordering::Release);
    }

    /// Whether the whole catalog was loaded once.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.loaded.load(Ordering::Acquire)
    }

    /// How many customers are remembered.
    #[must_use]
    pub fn customer_count(&self) -> usize {
        self.customers.lock().len()
    }

    /// Whether the event `id` comes for the first time.
    pub fn is_first(&self, id: &str) -> bool {
        self.seen.lock().is_first(id)
    }

    /// Whether so many events came that a repetition could count twice.
    pub fn has_forgotten_events(&self) -> bool {
        self.seen.lock().has_forgotten()
    }

    /// Takes in what an event says of a product; gives whether it was news.
    pub fn change_product(&self, product: Product, revision: i64) -> bool {
        let product = Arc::new(product);
        let (vectorizer, vector) = self.vector_of(&product);
        let mut catalog = self.catalog.write();
        let vector = fresh(&catalog, &vectorizer, &product, vector);
        catalog.change_product(product, revision, &vector)
    }

    /// Takes in a product of a snapshot; gives whether it was news.
    pub fn load_product(&self, loaded: SnapshotProduct) -> bool {
        let product = Arc::new(loaded.product);
        let (vectorizer, vector) = self.vector_of(&product);
        let mut catalog = self.catalog.write();
        let vector = fresh(&catalog, &vectorizer, &product, vector);
        catalog.load_product(product, &loaded.badges, &vector)
    }

    /// Takes out a product, everywhere.
    pub fn delete_product(&self, id: &ProductId, revision: i64) -> bool {
        let was_there = self.catalog.write().delete_product(id, revision);
        if was_there {
            let mut behaviour = self.behaviour.write();
            behaviour.baskets.forget(id);
            behaviour.visits.forget(id);
            behaviour.popularity.forget(id);
        }
        was_there
    }

    /// Takes in a badge.
    pub fn change_badge(&self, sku: &Sku, product: &str, badge: Badge) -> BadgeOutcome {
        self.catalog.write().change_badge(sku, product, badge)
    }

    /// Learns from what a shopper did. `now` bounds what the shopper's clock claims.
    pub fn learn(&self, behaviour: &Behaviour, now: DateTime<Utc>) {
        let at = behaviour.occurred_at.min(now);
        // A visit is a session; who never had one is at least the same customer.
        let visitor = match (behaviour.session.as_str(), behaviour.customer.as_deref()) {
            ("", None) => None,
            ("", Some(customer)) => Some(self.session_hasher.hash_one(("customer", customer))),
            (session, _) => Some(self.session_hasher.hash_one(("session", session))),
        };
        {
            let mut models = self.behaviour.write();
            let basket_weight = behaviour.kind.basket_weight();
            let (seen, bought) = visitor.map_or((1.0, 0.0), |visitor| {
                let seen = models.visits.observe(visitor, &behaviour.product, at, 1.0);
                let bought = if basket_weight > 0.0 {
                    models.baskets.observe(visitor, &behaviour.product, at, basket_weight)
                } else {
                    0.0
                };
                (seen, bought)
            });
            // Reloading a page does not make a product popular: the same visit counts again only for doing more.
            if seen > 0.0 || bought > 0.0 {
                models.popularity.observe(&behaviour.product, at, behaviour.kind.popularity_weight());
            }
        }
        self.customers.lock().remember(behaviour);
    }

    /// Forgets behaviour with products that the catalog does not have: it was taken in before the catalog was loaded, or
    /// named products that never were.
    pub fn forget_unknown(&self) {
        let known: HashSet<ProductId> =
            self.with_catalog(|catalog| catalog.products().map(|product| product.id.clone()).collect());
        let mut behaviour = self.behaviour.write();
        behaviour.baskets.retain(|product| known.contains(product));
        behaviour.visits.retain(|product| known.contains(product));
        behaviour.popularity.retain(|product| known.contains(product));
    }

    /// Takes in what a customer agreed to.
    pub fn change_consent(&self, customer: &str, consent: Consent, revision: i64) -> bool {
        self.customers.lock().change_consent(customer, consent, revision)
    }

    /// Takes in a style profile, when its customer agreed.
    pub fn change_profile(&self, customer: &str, profile: StyleProfile, revision: i64) -> bool {
        self.customers.lock().change_profile(customer, profile, revision)
    }

    /// Weighs features by the catalog as it is now and makes all vectors anew. Readers go on with the old ones; the
    /// lock is taken for the exchange alone. Takes seconds of processor time on large catalogs: call it where
    /// blocking is allowed, one call at a time.
    pub fn refit(&self) {
        let products: Vec<Arc<Product>> = self.with_catalog(|catalog| catalog.products().cloned().collect());
        let vectorizer = Arc::new(Vectorizer::fit(self.dimensions, products.iter().map(|product| &**product)));
        let vectors: Vec<(Arc<Product>, Vec<f32>)> = products
            .into_iter()
            .map(|product| {
                let vector = vectorizer.vectorize(&product);
                (product, vector)
            })
            .collect();
        self.catalog.write().refit(Box::new(FlatIndex::new(self.dimensions)), vectorizer, &vectors);
    }

    fn vector_of(&self, product: &Product) -> (Arc<Vectorizer>, Vec<f32>) {
        let vectorizer = self.with_catalog(Catalog::vectorizer);
        let vector = vectorizer.vectorize(product);
        (vectorizer, vector)
    }
}

/// `vector`, or a new one when the weights were exchanged since it was made.
fn fresh(catalog: &Catalog, made_by: &Arc<Vectorizer>, product: &Product, vector: Vec<f32>) -> Vec<f32> {
    let current = catalog.vectorizer();
    if Arc::ptr_eq(&current, made_by) { vector } else { current.vectorize(product) }
}
