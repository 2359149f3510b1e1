//! What the store has of some drafts, and what has to be written. Pure.

use std::collections::HashMap;

use crate::{
    catalog::draft::{ProductDraft, VariantDraft},
    entity::{product, variant},
};

/// A product as it will be written.
pub(super) struct MergedProduct<'a> {
    pub(super) draft: &'a ProductDraft,
    pub(super) existing: Option<&'a product::Model>,
    pub(super) id: String,
    pub(super) revision: i64,
    pub(super) variants: Vec<MergedVariant<'a>>,
    /// Variants that the draft leaves out; they stay.
    pub(super) others: Vec<&'a variant::Model>,
}

impl MergedProduct<'_> {
    /// The prices of all variants, in minor units.
    pub(super) fn prices(&self) -> impl Iterator<Item = i64> {
        let own = self.variants.iter().map(|variant| variant.draft.price_minor);
        own.chain(self.others.iter().map(|variant| variant.price_minor))
    }
}

/// A variant as it will be written.
pub(super) struct MergedVariant<'a> {
    pub(super) draft: &'a VariantDraft,
    pub(super) id: String,
    pub(super) exists: bool,
    /// Its policy or the day when more comes is another one than before: the same stock makes another badge.
    pub(super) is_sold_differently: bool,
}

/// What is there already of a chunk of drafts.
pub(super) struct Known {
    products: HashMap<String, product::Model>,
    variants: HashMap<String, variant::Model>,
}

impl Known {
    pub(super) fn new(products: Vec<product::Model>, variants: Vec<variant::Model>) -> Self {
        Self {
            products: products.into_iter().map(|product| (product.handle.clone(), product)).collect(),
            variants: variants.into_iter().map(|variant| (variant.sku.clone(), variant)).collect(),
        }
    }

    /// Matches `draft` with what is there. A SKU that belongs to another product is refused: moving it would take its
    /// stock along without anybody having said so.
    pub(super) fn merge<'a>(
        &'a self,
        draft: &'a ProductDraft,
        new_id: &mut dyn FnMut() -> String,
        rejected: &mut Vec<(String, String)>,
    ) -> Option<MergedProduct<'a>> {
        let existing = self.products.get(&draft.handle);
        let id = existing.map_or_else(&mut *new_id, |product| product.id.clone());
        let mut variants = Vec::with_capacity(draft.variants.len());
        for variant in &draft.variants {
            match self.variants.get(&variant.sku) {
                Some(row) if row.product_id != id => {
                    rejected.push((variant.sku.clone(), "the SKU belongs to another product".to_owned()));
                }
                Some(row) => variants.push(MergedVariant {
                    draft: variant,
                    id: row.id.clone(),
                    exists: true,
                    is_sold_differently: row.stock_policy != variant.stock_policy.as_str()
                        || row.expected_at != variant.expected_at,
                }),
                None => variants.push(MergedVariant {
                    draft: variant,
                    id: new_id(),
                    exists: false,
                    is_sold_differently: false,
                }),
            }
        }
        let mut others: Vec<&variant::Model> =
            self.variants.values().filter(|row| row.product_id == id && !in_draft(draft, &row.sku)).collect();
        others.sort_by_key(|variant| variant.position);
        let revision = existing.map_or(1, |product| product.revision + 1);
        (!variants.is_empty()).then_some(MergedProduct { draft, existing, id, revision, variants, others })
    }
}

fn in_draft(draft: &ProductDraft, sku: &str) -> bool {
    draft.variants.iter().any(|variant| variant.sku == sku)
}
