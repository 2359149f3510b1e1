//! What writers were told and clients have seen, and what of it cannot be.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::client::Badge;

/// So many violations are kept with their text.
const KEPT_VIOLATIONS: usize = 20;

/// The books of one test.
#[derive(Default)]
pub(super) struct Books {
    by_sku: HashMap<String, Mutex<Page>>,
    violations: Mutex<Vec<String>>,
    violation_count: AtomicU64,
    pub(super) events: AtomicU64,
    pub(super) snapshots: AtomicU64,
    pub(super) changes: AtomicU64,
    /// Connections that ended although their client did not end them.
    pub(super) cuts: AtomicU64,
}

/// One SKU.
#[derive(Default)]
struct Page {
    /// The newest revision that a writer was told of.
    acknowledged: i64,
    /// What was available at a revision, by whomever that was heard first.
    available: HashMap<i64, i64>,
}

impl Books {
    pub(super) fn of(badges: impl IntoIterator<Item = Badge>) -> Self {
        let books = Self {
            by_sku: badges.into_iter().map(|badge| (badge.sku.clone(), page(&badge))).collect(),
            ..Self::default()
        };
        assert!(!books.by_sku.is_empty());
        books
    }

    /// The newest revision of which it is known that it is committed.
    pub(super) fn acknowledged(&self, sku: &str) -> i64 {
        self.page(sku).acknowledged
    }

    /// A writer was told that this is committed.
    pub(super) fn acknowledge(&self, badge: &Badge) {
        self.changes.fetch_add(1, Ordering::Relaxed);
        self.agree("a writer", badge);
        let mut page = self.page(&badge.sku);
        page.acknowledged = page.acknowledged.max(badge.revision);
    }

    /// A client sees this; `before` is what it saw before, `floor` what was acknowledged before it subscribed.
    pub(super) fn see(&self, who: &str, badge: &Badge, (before, floor): (Option<i64>, i64)) {
        let Badge { sku, revision, .. } = badge;
        match before {
            Some(before) if *revision <= before => {
                self.violate(format!("{who} saw revision {revision} of {sku} after {before}"));
            }
            None if *revision < floor => {
                self.violate(format!("{who} began with revision {revision} of {sku}, {floor} was committed before"));
            }
            _ => {}
        }
        let counter = if before.is_some() { &self.events } else { &self.snapshots };
        counter.fetch_add(1, Ordering::Relaxed);
        self.agree(who, badge);
    }

    pub(super) fn violate(&self, violation: String) {
        self.violation_count.fetch_add(1, Ordering::Relaxed);
        println!("  VIOLATION: {violation}");
        let mut kept = self.violations.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT_VIOLATIONS {
            kept.push(violation);
        }
    }

    /// Fails if anything cannot be.
    pub(super) fn assert_no_violations(&self, seed: u64) {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let violations = count(&self.violation_count);
        println!(
            "seed {seed}: {} changes, {} snapshots, {} events after them, {} connections cut, {violations} violations",
            count(&self.changes),
            count(&self.snapshots),
            count(&self.events),
            count(&self.cuts)
        );
        let kept = self.violations.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(violations, 0, "seed {seed}: {kept:#?}");
        assert!(count(&self.changes) > 0 && count(&self.events) > 0, "nothing has happened");
    }

    /// A revision is of one state.
    fn agree(&self, who: &str, badge: &Badge) {
        let available = *self.page(&badge.sku).available.entry(badge.revision).or_insert(badge.available);
        if available != badge.available {
            let Badge { sku, revision, available: other } = badge;
            self.violate(format!("revision {revision} of {sku} has {other} available for {who}, and {available} too"));
        }
    }

    fn page(&self, sku: &str) -> std::sync::MutexGuard<'_, Page> {
        self.by_sku[sku].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn page(badge: &Badge) -> Mutex<Page> {
    let available = HashMap::from([(badge.revision, badge.available)]);
    Mutex::new(Page { acknowledged: badge.revision, available })
}
