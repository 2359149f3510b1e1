//! What is known to have been committed, so that each answer can be judged.

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

use super::connection::Page;

/// Units of SKUs and products. Each change adds one, so that the number that an answer shows says which changes it has
/// seen.
#[derive(Default)]
pub(crate) struct Truth(HashMap<String, Known>);

struct Known {
    units: i64,
    /// When each change was known to be committed, as its answer had come.
    committed: Vec<Instant>,
}

impl Truth {
    /// Notes how many there are to begin with.
    pub(crate) fn begin(&mut self, of: &str, units: i64) {
        self.0.insert(of.to_owned(), Known { units, committed: Vec::new() });
    }

    /// Notes a change of a SKU of the product `handle`.
    pub(crate) fn commit(&mut self, handle: &str, sku: &str, at: Instant) {
        for of in [handle, sku] {
            self.0.get_mut(of).unwrap().committed.push(at);
        }
    }

    /// By how much an answer is older than it may be: for how long something that it does not show had been known when
    /// it was asked for. `None` when it shows everything.
    pub(crate) fn staleness(&self, page: &Page, (handle, skus): (&str, &[String]), asked: Instant) -> Option<Duration> {
        assert_eq!(page.variants.len(), skus.len());
        let variants = page.variants.iter().zip(skus).map(|(variant, sku)| (sku.as_str(), variant.badge.available));
        let shown = variants.chain([(handle, page.total_available)]);
        shown.filter_map(|(of, units)| self.0[of].unseen(units, asked)).max()
    }
}

impl Known {
    fn unseen(&self, shown: i64, asked: Instant) -> Option<Duration> {
        let seen = usize::try_from(shown - self.units).expect("units only grow");
        let first_unseen = self.committed.get(seen)?;
        asked.checked_duration_since(*first_unseen).filter(|age| !age.is_zero())
    }
}
