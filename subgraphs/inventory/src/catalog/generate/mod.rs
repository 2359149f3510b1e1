//! A generated clothing catalog: the same for the same seed, on every machine and in every version.

mod garments;
mod locations;
mod product;
mod random;
mod sizes;
mod stock;
mod words;

use chrono::{DateTime, Utc};

use super::draft::{LocationDraft, ProductDraft};

/// The warehouses and stores that every generated shop has.
pub const LOCATIONS_MIN: u32 = locations::NAMED;

/// How much to generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleSize {
    /// Products; each has 2 to 40 variants, about 17 on average.
    pub products: u32,
    /// Locations; below [`LOCATIONS_MIN`] there are as many as that.
    pub locations: u32,
    /// Another seed is another catalog.
    pub seed: u64,
}

impl Default for SampleSize {
    fn default() -> Self {
        Self { products: 2_000, locations: LOCATIONS_MIN, seed: 1_873 }
    }
}

/// The catalog of one seed, made product by product so that a large one needs no memory.
#[derive(Debug)]
pub struct GeneratedCatalog {
    size: SampleSize,
    locations: Vec<LocationDraft>,
    newest: DateTime<Utc>,
}

impl GeneratedCatalog {
    /// The catalog of `size`; its products were added in the two years before `newest`, and what is expected comes
    /// after it.
    #[must_use]
    pub fn new(size: SampleSize, newest: DateTime<Utc>) -> Self {
        Self { size, locations: locations::locations(size.locations), newest }
    }

    /// Its locations.
    #[must_use]
    pub fn locations(&self) -> &[LocationDraft] {
        &self.locations
    }

    /// Its products, in order.
    pub fn products(&self) -> impl Iterator<Item = ProductDraft> + '_ {
        (0..self.size.products).map(|number| product::product(self.size.seed, number, &self.locations, self.newest))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use chrono::{DateTime, Utc};

    use super::{GeneratedCatalog, SampleSize};
    use crate::catalog::draft::ProductDraft;

    fn newest() -> DateTime<Utc> {
        DateTime::parse_from_rfc3339("2026-11-01T00:00:00Z").unwrap().to_utc()
    }

    fn sample() -> Vec<ProductDraft> {
        GeneratedCatalog::new(SampleSize::default(), newest()).products().collect()
    }

    #[test]
    fn the_default_catalog_is_as_large_as_a_real_shop() {
        let products = sample();
        let variants: usize = products.iter().map(|product| product.variants.len()).sum();
        let levels: usize =
            products.iter().flat_map(|product| &product.variants).map(|variant| variant.levels.len()).sum();
        let catalog = GeneratedCatalog::new(SampleSize::default(), newest());
        assert_eq!(products.len(), 2_000);
        assert!((20_000..40_000).contains(&variants), "{variants} variants");
        assert!(levels > 50_000, "{levels} levels");
        assert!(catalog.locations().len() >= 25);
    }

    #[test]
    fn the_same_seed_gives_the_same_catalog() {
        assert_eq!(sample(), sample());
        let few: Vec<_> =
            GeneratedCatalog::new(SampleSize { products: 5, ..SampleSize::default() }, newest()).products().collect();
        assert_eq!(few.as_slice(), &sample()[..5], "a larger catalog begins with the smaller one");
    }

    #[test]
    fn as_many_locations_as_are_wanted_with_names_of_their_own() {
        let locations = |locations| {
            GeneratedCatalog::new(SampleSize { locations, ..SampleSize::default() }, newest()).locations().to_vec()
        };
        let many = locations(800);
        assert_eq!(many.iter().map(|location| &location.code).collect::<HashSet<_>>().len(), 800);
        assert!(many.is_sorted_by(|left, right| left.priority < right.priority));
        let few = locations(1);
        assert_eq!(few, many[..few.len()], "more locations come after the first ones");
    }

    #[test]
    fn handles_and_skus_are_unique_and_prices_are_sound() {
        let products = sample();
        let handles: HashSet<_> = products.iter().map(|product| &product.handle).collect();
        let skus: HashSet<_> =
            products.iter().flat_map(|product| &product.variants).map(|variant| &variant.sku).collect();
        assert_eq!(handles.len(), products.len());
        assert_eq!(skus.len(), products.iter().map(|product| product.variants.len()).sum::<usize>());
        for variant in products.iter().flat_map(|product| &product.variants) {
            assert!(variant.price_minor > 0);
            assert!(variant.compare_at_minor.is_none_or(|former| former > variant.price_minor));
        }
    }

    #[test]
    fn titles_read_like_a_shop() {
        let titles: Vec<_> =
            sample().into_iter().take(8).map(|product| format!("{} by {}", product.title, product.vendor)).collect();
        insta::assert_debug_snapshot!(titles);
    }
}
