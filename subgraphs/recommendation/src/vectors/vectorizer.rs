//! Features to vectors.

use std::collections::HashMap;

use super::{
    features::{Block, of_product, of_taste},
    hashing::place_of,
};
use crate::domain::{Product, StyleProfile};

/// Makes vectors of one number of dimensions, with the weights of one catalog: what few products have counts more
/// (inverse document frequency).
#[derive(Debug, Clone)]
pub struct Vectorizer {
    dimensions: usize,
    documents: u32,
    document_frequency: HashMap<u64, u32>,
}

impl Vectorizer {
    /// A vectorizer that has seen no catalog and counts all features alike.
    #[must_use]
    pub fn unfitted(dimensions: usize) -> Self {
        Self { dimensions, documents: 0, document_frequency: HashMap::new() }
    }

    /// A vectorizer with the weights of `products`.
    #[must_use]
    pub fn fit<'a>(dimensions: usize, products: impl IntoIterator<Item = &'a Product>) -> Self {
        let mut fitted = Self::unfitted(dimensions);
        for product in products {
            fitted.documents += 1;
            for (feature, _) in of_product(product).into_iter().flat_map(|block| block.terms) {
                *fitted.document_frequency.entry(feature).or_default() += 1;
            }
        }
        fitted
    }

    /// How many products the weights come from.
    #[must_use]
    pub const fn documents(&self) -> u32 {
        self.documents
    }

    /// The length of its vectors.
    #[must_use]
    pub const fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// The vector of `product`, of length 1 (or all zero, when it has no feature at all).
    #[must_use]
    pub fn vectorize(&self, product: &Product) -> Vec<f32> {
        self.embed(&of_product(product))
    }

    /// The vector of what a customer likes, comparable with those of products.
    #[must_use]
    pub fn vectorize_taste(&self, profile: &StyleProfile) -> Vec<f32> {
        self.embed(&of_taste(profile))
    }

    fn embed(&self, blocks: &[Block]) -> Vec<f32> {
        let mut vector = vec![0.0; self.dimensions];
        let mut weighted: Vec<f32> = Vec::new();
        for block in blocks {
            weighted.clear();
            weighted.extend(block.terms.iter().map(|(feature, count)| count * self.rarity(*feature)));
            let length = weighted.iter().map(|weight| weight * weight).sum::<f32>().sqrt();
            if length == 0.0 {
                continue;
            }
            for ((feature, _), weight) in block.terms.iter().zip(&weighted) {
                let (place, sign) = place_of(*feature, self.dimensions);
                if let Some(component) = vector.get_mut(place) {
                    *component += sign * weight * block.weight / length;
                }
            }
        }
        let length = vector.iter().map(|component| component * component).sum::<f32>().sqrt();
        if length > 0.0 {
            vector.iter_mut().for_each(|component| *component /= length);
        }
        vector
    }

    /// Smoothed inverse document frequency, at least 1.
    fn rarity(&self, feature: u64) -> f32 {
        let seen = self.document_frequency.get(&feature).copied().unwrap_or(0);
        1.0 + ((1.0 + self.documents as f32) / (1.0 + seen as f32)).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(title: &str, category: &str, style: &str, material: &str) -> Product {
        Product {
            id: title.into(),
            title: title.into(),
            description: format!("A {style} piece of {material} for every day."),
            vendor: "Nordhafen".into(),
            category: category.into(),
            gender: Some("women".into()),
            material: Some(material.into()),
            style: Some(style.into()),
            occasion: Some("office".into()),
            tags: vec!["summer".into()],
            created_at: chrono::DateTime::UNIX_EPOCH,
            variants: vec![],
        }
    }

    fn cosine(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn alike_products_are_near() {
        let shirts = product("Linen Shirt", "Shirts", "minimal", "linen");
        let blouse = product("Linen Overshirt", "Shirts", "minimal", "linen");
        let boots = product("Hiking Boots", "Shoes", "outdoor", "leather");
        let fitted = Vectorizer::fit(256, [&shirts, &blouse, &boots]);
        let [a, b, c] = [&shirts, &blouse, &boots].map(|product| fitted.vectorize(product));
        assert!((cosine(&a, &a) - 1.0).abs() < 1e-5);
        assert!(cosine(&a, &b) > 0.8, "{}", cosine(&a, &b));
        assert!(cosine(&a, &c) < 0.5, "{}", cosine(&a, &c));
    }

    #[test]
    fn the_same_catalog_gives_the_same_vectors() {
        let catalog = [product("A", "Shirts", "minimal", "linen"), product("B", "Shoes", "bold", "suede")];
        let (one, two) = (Vectorizer::fit(128, &catalog), Vectorizer::fit(128, &catalog));
        assert_eq!(one.vectorize(&catalog[0]), two.vectorize(&catalog[0]));
    }

    #[test]
    fn taste_points_to_products_that_meet_it() {
        let minimal = product("A", "Shirts", "minimal", "linen");
        let bold = product("B", "Shirts", "bold", "linen");
        let fitted = Vectorizer::fit(256, [&minimal, &bold]);
        let taste = fitted.vectorize_taste(&StyleProfile { styles: vec!["Minimal".into()], ..StyleProfile::default() });
        assert!(cosine(&taste, &fitted.vectorize(&minimal)) > cosine(&taste, &fitted.vectorize(&bold)));
        assert!(fitted.vectorize_taste(&StyleProfile::default()).iter().all(|component| *component == 0.0));
    }
}
