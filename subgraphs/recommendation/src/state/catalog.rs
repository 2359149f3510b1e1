//! Products, their stock and their vectors.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use chrono::{DateTime, Utc};

use crate::{
    domain::{Badge, Product, ProductId, RecencyMap, Sku, StyleProfile},
    vectors::{Row, VectorIndex, VectorSearch, Vectorizer},
};

/// Deleted products remembered, so that an older snapshot or event does not bring them back.
const MAX_TOMBSTONES: usize = 100_000;

/// A product as a snapshot of inventory had it; a snapshot knows the revision of badges, not of products.
#[derive(Debug, Clone)]
pub struct SnapshotProduct {
    /// The product.
    pub product: Product,
    /// The badges of its variants.
    pub badges: Vec<(Sku, Badge)>,
}

/// What came of a badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadgeOutcome {
    /// It is newer and the product is known.
    Applied,
    /// An equal or newer one was there.
    Stale,
    /// It is kept, but its product is not known yet.
    UnknownProduct,
}

/// The catalog. Everything here is plain memory: callers hold the lock.
pub struct Catalog {
    entries: HashMap<ProductId, Entry>,
    badges: HashMap<Sku, Badge>,
    owners: HashMap<Sku, ProductId>,
    tombstones: RecencyMap<ProductId, i64>,
    rows: Vec<Option<ProductId>>,
    free_rows: Vec<Row>,
    newest: BTreeSet<(Reverse<DateTime<Utc>>, ProductId)>,
    index: Box<dyn VectorIndex>,
    vectorizer: Arc<Vectorizer>,
    writes: u64,
}

struct Entry {
    product: Arc<Product>,
    /// Of the newest event; 0 while only a snapshot told of it.
    revision: i64,
    /// In the order of the variants.
    in_stock: Vec<bool>,
    row: Row,
    /// The count of writes when it got its row: a search over an older index does not know it.
    placed_at: u64,
}

impl Catalog {
    /// An empty catalog that keeps its vectors in `index`.
    #[must_use]
    pub fn new(index: Box<dyn VectorIndex>, dimensions: usize) -> Self {
        Self {
            entries: HashMap::new(),
            badges: HashMap::new(),
            owners: HashMap::new(),
            tombstones: RecencyMap::with_capacity(MAX_TOMBSTONES),
            rows: Vec::new(),
            free_rows: Vec::new(),
            newest: BTreeSet::new(),
            index,
            vectorizer: Arc::new(Vectorizer::unfitted(dimensions)),
            writes: 0,
        }
    }

    /// How many products there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What makes the vectors at present.
    #[must_use]
    pub fn vectorizer(&self) -> Arc<Vectorizer> {
        self.vectorizer.clone()
    }

    /// The product `id`.
    #[must_use]
    pub fn product(&self, id: &str) -> Option<&Arc<Product>> {
        self.entries.get(id).map(|entry| &entry.product)
    }

    /// Whether the product is gone for good, as far as is known.
    #[must_use]
    pub fn is_deleted(&self, id: &str) -> bool {
        self.tombstones.peek(id).is_some()
    }

    /// Whether all variants of `id` have a badge; `false` for an unknown product.
    #[must_use]
    pub fn has_all_badges(&self, id: &str) -> bool {
        self.entries
            .get(id)
            .is_some_and(|entry| entry.product.variants.iter().all(|variant| self.badges.contains_key(&variant.sku)))
    }

    /// Whether any variant of `id` lies in stock, in a size of `profile` where it knows one.
    #[must_use]
    pub fn is_available(&self, id: &str, profile: Option<&StyleProfile>) -> bool {
        self.entries.get(id).is_some_and(|entry| {
            let in_stock = |place: usize| entry.in_stock.get(place).copied().unwrap_or(false);
            entry.in_stock.contains(&true) && profile.is_none_or(|profile| profile.fits(&entry.product, in_stock))
        })
    }

    /// The products from the newest on.
    pub fn newest(&self) -> impl Iterator<Item = &ProductId> {
        self.newest.iter().map(|(_, id)| id)
    }

    /// The vectors as they are now, and the count of writes that they contain.
    #[must_use]
    pub fn search_snapshot(&self) -> (Arc<dyn VectorSearch>, u64) {
        (self.index.snapshot(), self.writes)
    }

    /// The product in `row`, unless it came there after `writes`.
    #[must_use]
    pub fn product_in(&self, row: Row, writes: u64) -> Option<&ProductId> {
        let id = self.rows.get(usize::try_from(row).ok()?)?.as_ref()?;
        (self.entries.get(id)?.placed_at <= writes).then_some(id)
    }

    /// The row of `id`.
    #[must_use]
    pub fn row_of(&self, id: &str) -> Option<Row> {
        self.entries.get(id).map(|entry| entry.row)
    }

    /// Takes in what an event says of a product, with its vector; gives whether it was news.
    pub fn change_product(&mut self, product: Arc<Product>, revision: i64, vector: &[f32]) -> bool {
        let known = self.entries.get(&product.id).map(|entry| entry.revision);
        if known.is_some_and(|known| revision <= known) || self.deleted_at(&product.id) >= revision {
            return false;
        }
        self.tombstones.remove(&product.id);
        self.place(product, revision, vector);
        true
    }

    /// Takes in a product of a snapshot. An event told of before is never older than the snapshot by more than events
    /// which are still to come, so what events said stays; badges are compared by revision. Gives whether the product
    /// was news.
    pub fn load_product(&mut self, product: Arc<Product>, badges: &[(Sku, Badge)], vector: &[f32]) -> bool {
        if self.deleted_at(&product.id) > 0 {
            return false;
        }
        let id = product.id.clone();
        let is_news = self.entries.get(&id).is_none_or(|entry| entry.revision == 0);
        if is_news {
            self.place(product, 0, vector);
        }
        for (sku, badge) in badges {
            self.change_badge(sku, &id, *badge);
        }
        is_news
    }

    /// Takes in a badge, when it is newer than the one known.
    pub fn change_badge(&mut self, sku: &Sku, product: &str, badge: Badge) -> BadgeOutcome {
        if self.badges.get(sku).is_some_and(|known| known.revision >= badge.revision) {
            return BadgeOutcome::Stale;
        }
        if self.is_deleted(product) {
            return BadgeOutcome::Stale;
        }
        self.badges.insert(sku.clone(), badge);
        let owner = self.owners.get(sku).map_or(product, |owner| owner);
        let Some(entry) = self.entries.get_mut(owner) else { return BadgeOutcome::UnknownProduct };
        let Some(place) = entry.product.variants.iter().position(|variant| variant.sku == *sku) else {
            return BadgeOutcome::UnknownProduct;
        };
        if let Some(in_stock) = entry.in_stock.get_mut(place) {
            *in_stock = badge.is_available();
        }
        BadgeOutcome::Applied
    }

    /// Takes out a product as of `revision`; gives whether it was there.
    pub fn delete_product(&mut self, id: &ProductId, revision: i64) -> bool {
        if self.entries.get(id).is_some_and(|entry| entry.revision > revision) {
            return false;
        }
        self.tombstones.insert(id, revision.max(1));
        let Some(entry) = self.entries.remove(id) else { return false };
        self.index.remove(entry.row);
        if let Some(row) = usize::try_from(entry.row).ok().and_then(|row| self.rows.get_mut(row)) {
            *row = None;
            self.free_rows.push(entry.row);
        }
        self.unlink(&entry.product);
        for variant in &entry.product.variants {
            self.badges.remove(&variant.sku);
        }
        true
    }

    /// Replaces all vectors by those of `vectorizer`. `vectors` were made of the products given; a product that changed
    /// since is made anew.
    pub fn refit(
        &mut self,
        mut index: Box<dyn VectorIndex>,
        vectorizer: Arc<Vectorizer>,
        vectors: &[(Arc<Product>, Vec<f32>)],
    ) {
        let made: HashMap<&str, (&Arc<Product>, &[f32])> =
            vectors.iter().map(|(product, vector)| (&*product.id, (product, vector.as_slice()))).collect();
        for (id, entry) in &self.entries {
            match made.get(&**id) {
                Some((product, vector)) if Arc::ptr_eq(product, &entry.product) => index.upsert(entry.row, vector),
                _ => index.upsert(entry.row, &vectorizer.vectorize(&entry.product)),
            }
        }
        self.index = index;
        self.vectorizer = vectorizer;
        self.writes += 1;
    }

    /// All products.
    pub fn products(&self) -> impl Iterator<Item = &Arc<Product>> {
        self.entries.values().map(|entry| &entry.product)
    }

    fn deleted_at(&self, id: &str) -> i64 {
        self.tombstones.peek(id).copied().unwrap_or(0)
    }

    fn place(&mut self, product: Arc<Product>, revision: i64, vector: &[f32]) {
        self.writes += 1;
        let (row, placed_at) = match self.entries.remove(&product.id) {
            Some(old) => {
                self.unlink(&old.product);
                (old.row, old.placed_at)
            }
            None => (self.take_row(&product.id), self.writes),
        };
        self.index.upsert(row, vector);
        self.newest.insert((Reverse(product.created_at), product.id.clone()));
        let mut in_stock = Vec::with_capacity(product.variants.len());
        for variant in &product.variants {
            self.owners.insert(variant.sku.clone(), product.id.clone());
            in_stock.push(self.badges.get(&variant.sku).is_some_and(Badge::is_available));
        }
        self.entries.insert(product.id.clone(), Entry { product, revision, in_stock, row, placed_at });
    }

    fn unlink(&mut self, product: &Product) {
        self.newest.remove(&(Reverse(product.created_at), product.id.clone()));
        for variant in &product.variants {
            self.owners.remove(&variant.sku);
        }
    }

    fn take_row(&mut self, id: &ProductId) -> Row {
        if let Some(row) = self.free_rows.pop() {
            if let Some(place) = usize::try_from(row).ok().and_then(|row| self.rows.get_mut(row)) {
                *place = Some(id.clone());
            }
            return row;
        }
        self.rows.push(Some(id.clone()));
        Row::try_from(self.rows.len() - 1).unwrap_or(Row::MAX)
    }
}

#[cfg(test)]
#[path = "catalog_tests.rs"]
mod tests;
