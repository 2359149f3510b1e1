//! From proposals of many sources to one score per product.

use std::collections::{HashMap, hash_map::Entry};

use super::{Candidate, ProductId, Source};

/// How far each source is believed, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SourceWeights {
    /// Of [`Source::Similar`].
    pub similar: f32,
    /// Of [`Source::BoughtTogether`].
    pub bought_together: f32,
    /// Of [`Source::ViewedTogether`].
    pub viewed_together: f32,
    /// Of [`Source::MatchesProfile`].
    pub matches_profile: f32,
    /// Of [`Source::Trending`].
    pub trending: f32,
    /// Of [`Source::Popular`].
    pub popular: f32,
    /// Of [`Source::NewArrival`].
    pub new_arrival: f32,
}

impl Default for SourceWeights {
    fn default() -> Self {
        Self {
            similar: 0.7,
            bought_together: 0.9,
            viewed_together: 0.8,
            matches_profile: 0.6,
            trending: 0.45,
            popular: 0.4,
            new_arrival: 0.1,
        }
    }
}

impl SourceWeights {
    /// The weight of `source`.
    #[must_use]
    pub const fn of(&self, source: Source) -> f32 {
        match source {
            Source::Similar => self.similar,
            Source::BoughtTogether => self.bought_together,
            Source::ViewedTogether => self.viewed_together,
            Source::MatchesProfile => self.matches_profile,
            Source::Trending => self.trending,
            Source::Popular => self.popular,
            Source::NewArrival => self.new_arrival,
        }
    }
}

/// A product with its score over all sources.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// The product.
    pub product: ProductId,
    /// 0 to 1.
    pub score: f32,
    /// The proposal that weighed most: the reason to show.
    pub leading: Candidate,
}

/// Blends proposals into one score per product: `1 − Π(1 − weight × score)`, so that independent sources support each
/// other and none can push a score above 1. Best first; equal scores in the order of ids.
#[must_use]
pub fn blend(candidates: Vec<Candidate>, weights: &SourceWeights) -> Vec<Scored> {
    struct Blended {
        doubt: f32,
        strongest: f32,
        leading: Candidate,
    }
    let mut by_product: HashMap<ProductId, Blended> = HashMap::with_capacity(candidates.len());
    for candidate in candidates {
        let strength = (weights.of(candidate.source) * candidate.score).clamp(0.0, 1.0);
        match by_product.entry(candidate.product.clone()) {
            Entry::Vacant(entry) => {
                entry.insert(Blended { doubt: 1.0 - strength, strongest: strength, leading: candidate });
            }
            Entry::Occupied(mut entry) => {
                let blended = entry.get_mut();
                blended.doubt *= 1.0 - strength;
                if strength > blended.strongest {
                    blended.strongest = strength;
                    blended.leading = candidate;
                }
            }
        }
    }
    let mut scored: Vec<Scored> = by_product
        .into_iter()
        .map(|(product, blended)| Scored { product, score: 1.0 - blended.doubt, leading: blended.leading })
        .collect();
    scored.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.product.cmp(&b.product)));
    scored
}

/// A score as clients see it: within 0 to 1, four digits.
#[must_use]
pub fn round_score(score: f32) -> f64 {
    (f64::from(score).clamp(0.0, 1.0) * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Link;

    fn candidate(product: &str, source: Source, score: f32) -> Candidate {
        Candidate { product: product.into(), source, score, link: Link::None }
    }

    #[test]
    fn sources_support_each_other_and_the_strongest_gives_the_reason() {
        let scored = blend(
            vec![
                candidate("a", Source::Popular, 1.0),
                candidate("a", Source::BoughtTogether, 0.5),
                candidate("b", Source::BoughtTogether, 0.5),
            ],
            &SourceWeights::default(),
        );
        assert_eq!(&*scored[0].product, "a");
        assert_eq!(scored[0].leading.source, Source::BoughtTogether);
        assert!(scored[0].score > scored[1].score && scored[0].score < 1.0);
    }

    #[test]
    fn equal_scores_have_one_order() {
        let order = |names: [&str; 3]| {
            let all = names.map(|name| candidate(name, Source::Popular, 0.5)).to_vec();
            blend(all, &SourceWeights::default()).iter().map(|s| s.product.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(order(["c", "a", "b"]), order(["b", "c", "a"]));
    }

    #[test]
    fn shown_scores_stay_in_bounds() {
        assert!((round_score(1.2) - 1.0).abs() < f64::EPSILON);
        assert!((round_score(0.123_456) - 0.1235).abs() < f64::EPSILON);
    }
}
