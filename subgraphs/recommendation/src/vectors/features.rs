//! From a product to weighted features, one block per field.

use std::collections::HashMap;

use super::hashing::stable_hash;
use crate::domain::{Product, StyleProfile};

/// The features of one field. Each block is brought to length `weight`, so that a long description does not drown the
/// category.
pub(super) struct Block {
    /// How much the field counts.
    pub(super) weight: f32,
    /// Feature and its term weight within the block, each feature once, in the order of features.
    pub(super) terms: Vec<(u64, f32)>,
}

const CATEGORY: (&str, f32) = ("category", 1.0);
const GENDER: (&str, f32) = ("gender", 0.6);
const MATERIAL: (&str, f32) = ("material", 0.5);
const STYLE: (&str, f32) = ("style", 0.6);
const OCCASION: (&str, f32) = ("occasion", 0.4);
const COLOR: (&str, f32) = ("color", 0.35);
const VENDOR: (&str, f32) = ("vendor", 0.3);
const TAG: (&str, f32) = ("tag", 0.45);
const WORD: (&str, f32) = ("word", 0.6);
const NGRAM: (&str, f32) = ("ngram", 0.35);

/// Words that tell nothing of a garment.
const STOP_WORDS: [&str; 24] = [
    "a", "an", "and", "are", "as", "at", "by", "for", "from", "in", "is", "it", "its", "of", "on", "or", "our", "the",
    "this", "to", "with", "you", "your", "that",
];

/// The feature blocks of `product`.
pub(super) fn of_product(product: &Product) -> Vec<Block> {
    let values = |value: &Option<String>| value.clone().into_iter().collect::<Vec<_>>();
    vec![
        attributes(CATEGORY, std::slice::from_ref(&product.category)),
        attributes(GENDER, &values(&product.gender)),
        attributes(MATERIAL, &values(&product.material)),
        attributes(STYLE, &values(&product.style)),
        attributes(OCCASION, &values(&product.occasion)),
        attributes(COLOR, &product.colors()),
        attributes(VENDOR, std::slice::from_ref(&product.vendor)),
        attributes(TAG, &product.tags),
        text(&product.title, &product.description),
        ngrams(&product.title),
    ]
}

/// The feature blocks of what a customer likes, in the fields where products have them.
pub(super) fn of_taste(profile: &StyleProfile) -> Vec<Block> {
    vec![attributes(STYLE, &profile.styles), attributes(COLOR, &profile.colors), attributes(VENDOR, &profile.brands)]
}

/// Whole values, and the words of values of several words at half the weight: `cotton linen` is a little like `linen`.
fn attributes<T: AsRef<str>>((field, weight): (&str, f32), values: &[T]) -> Block {
    let mut terms = Terms::default();
    for value in values {
        let value = value.as_ref().trim().to_lowercase();
        if value.is_empty() {
            continue;
        }
        terms.add(stable_hash(&[field, &value]), 1.0);
        let words: Vec<&str> = words(&value).collect();
        if words.len() > 1 {
            for word in words {
                terms.add(stable_hash(&[field, word]), 0.5);
            }
        }
    }
    terms.into_block(weight)
}

/// Words of the title (double) and of the description, damped by their logarithm.
fn text(title: &str, description: &str) -> Block {
    let (field, weight) = WORD;
    let mut terms = Terms::default();
    for (text, count) in [(title, 2.0), (description, 1.0)] {
        for word in words(&text.to_lowercase()) {
            terms.add(stable_hash(&[field, word]), count);
        }
    }
    terms.dampen().into_block(weight)
}

/// Three and four letters in a row within the words of the title: `shirt` and `overshirt` share most of theirs.
fn ngrams(title: &str) -> Block {
    let (field, weight) = NGRAM;
    let mut terms = Terms::default();
    for word in words(&title.to_lowercase()) {
        let letters: Vec<char> = std::iter::once('^').chain(word.chars()).chain(['$']).collect();
        for length in [3, 4] {
            for gram in letters.windows(length) {
                terms.add(stable_hash(&[field, &gram.iter().collect::<String>()]), 1.0);
            }
        }
    }
    terms.dampen().into_block(weight)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 1 && !STOP_WORDS.contains(word))
}

#[derive(Default)]
struct Terms(HashMap<u64, f32>);

impl Terms {
    fn add(&mut self, feature: u64, count: f32) {
        *self.0.entry(feature).or_default() += count;
    }

    fn dampen(mut self) -> Self {
        for count in self.0.values_mut() {
            *count = 1.0 + count.max(1.0).ln();
        }
        self
    }

    fn into_block(self, weight: f32) -> Block {
        let mut terms: Vec<(u64, f32)> = self.0.into_iter().collect();
        // One order, so that floating-point sums are the same in every process.
        terms.sort_unstable_by_key(|(feature, _)| *feature);
        Block { weight, terms }
    }
}
