//! What may be shown at all.

use std::collections::HashSet;

use crate::{
    domain::{ProductId, StyleProfile},
    state::{Catalog, LiveState},
};

/// Admits products that lie in stock, in the shopper's size where it is known, and are not left out by name.
#[derive(Default)]
pub(super) struct Filter<'a> {
    pub(super) profile: Option<&'a StyleProfile>,
    pub(super) excluded: HashSet<ProductId>,
}

impl Filter<'_> {
    pub(super) fn admits(&self, catalog: &Catalog, id: &ProductId) -> bool {
        !self.excluded.contains(id) && catalog.is_available(id, self.profile)
    }

    /// As [`Self::admits`], taking the lock for this one question.
    pub(super) fn admits_now(&self, state: &LiveState, id: &ProductId) -> bool {
        !self.excluded.contains(id) && state.with_catalog(|catalog| catalog.is_available(id, self.profile))
    }
}
