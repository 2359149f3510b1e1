//! Loading the catalog, and keeping it whole.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::sync::oneshot;

use super::{
    backoff::Backoff,
    follow::Intake,
    snapshot::{self, SnapshotError},
};
use crate::domain::ProductId;

/// Products fetched at a time.
const FETCH_LIMIT: usize = 20;

/// A product's own event mostly follows the event that named it; it is given this long before inventory is asked.
const GRACE: Duration = Duration::from_millis(100);

/// Vectors are weighed anew when this share of the catalog has changed, ...
const REFIT_SHARE: u32 = 5;

/// ... and at least so many products.
const REFIT_PRODUCTS: usize = 50;

/// Changes mostly come in swarms (imports); they are waited for this long.
const REFIT_CALM: Duration = Duration::from_millis(500);

impl Intake {
    /// Loads the whole catalog once the bus is subscribed, then fetches what events name and nobody knows.
    pub(super) async fn keep_catalog(self: Arc<Self>, bus_is_open: oneshot::Receiver<()>) {
        if bus_is_open.await.is_err() {
            return;
        }
        self.load().await;
        let mut backoff = Backoff::up_to(self.parts.longest_pause);
        loop {
            self.missing.wanted().await;
            tokio::time::sleep(GRACE).await;
            while let Some(unknown) = self.next_unknown() {
                match self.fetch(&unknown).await {
                    Ok(()) => backoff.reset(),
                    Err(error) => {
                        tracing::warn!(%error, products = unknown.len(), "could not fetch products, trying again");
                        self.missing.put_back(unknown);
                        backoff.pause().await;
                    }
                }
            }
        }
    }

    async fn load(&self) {
        let mut backoff = Backoff::up_to(self.parts.longest_pause);
        let (mut cursor, mut products) = (None, 0_usize);
        loop {
            match snapshot::page(&self.parts.inventory, self.parts.page_size, cursor.as_deref()).await {
                Ok(page) => {
                    backoff.reset();
                    products += page.products.len();
                    for product in page.products {
                        self.note_loaded(product);
                    }
                    tokio::task::yield_now().await;
                    cursor = page.next;
                    if cursor.is_none() {
                        break;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, products, "could not load the catalog, trying again");
                    self.parts.readiness.set("catalog", Err(format!("the catalog is not loaded yet: {error}")));
                    backoff.pause().await;
                }
            }
        }
        self.refit().await;
        self.parts.state.set_loaded();
        // After it was said that the catalog is loaded nothing unknown is taken in any more.
        self.parts.state.forget_unknown();
        self.parts.readiness.set("catalog", Ok(()));
        tracing::info!(products, "the catalog is loaded");
    }

    fn note_loaded(&self, product: crate::state::SnapshotProduct) {
        if self.parts.state.load_product(product) {
            self.note_changed_products(1);
        }
    }

    /// Wanted products that are still not known well enough.
    fn next_unknown(&self) -> Option<Vec<ProductId>> {
        loop {
            let wanted = self.missing.take(FETCH_LIMIT, self.parts.clock.now());
            if wanted.is_empty() {
                return None;
            }
            let unknown: Vec<ProductId> = self.parts.state.with_catalog(|catalog| {
                wanted.into_iter().filter(|id| !catalog.is_deleted(id) && !catalog.has_all_badges(id)).collect()
            });
            if !unknown.is_empty() {
                return Some(unknown);
            }
        }
    }

    async fn fetch(&self, products: &[ProductId]) -> Result<(), SnapshotError> {
        for product in snapshot::by_ids(&self.parts.inventory, products).await? {
            self.note_loaded(product);
        }
        Ok(())
    }

    /// Weighs features by the catalog anew when enough of it has changed.
    pub(super) async fn keep_weights(self: Arc<Self>) {
        loop {
            self.products_changed.notified().await;
            tokio::time::sleep(REFIT_CALM).await;
            let changed = self.changed_products.load(Ordering::Relaxed);
            let weighed = self.parts.state.with_catalog(|catalog| catalog.vectorizer().documents());
            let enough = usize::try_from(weighed / REFIT_SHARE).unwrap_or(usize::MAX).max(REFIT_PRODUCTS);
            if self.parts.state.is_loaded() && changed >= enough {
                self.refit().await;
            }
        }
    }

    async fn refit(&self) {
        self.changed_products.store(0, Ordering::Relaxed);
        let state = self.parts.state.clone();
        if tokio::task::spawn_blocking(move || state.refit()).await.is_err() {
            tracing::error!("weighing the catalog failed, the former vectors stay");
        }
        let products = self.parts.state.with_catalog(crate::state::Catalog::len);
        metrics::gauge!("selvedge_recommendation_products").set(products as f64);
        tracing::info!(products, "vectors are weighed by the catalog");
    }
}
