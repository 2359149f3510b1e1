//! From a list by score to a page with variety.

use std::collections::HashMap;

use super::{Scored, dot_product};

/// How much of one kind a page may hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DiversityLimits {
    /// Share of the page for one category, 0 to 1.
    pub category_share: f32,
    /// Share of the page for one vendor, 0 to 1.
    pub vendor_share: f32,
    /// How much likeness to what is already on the page costs (the λ of MMR), 0 for not at all.
    pub likeness_penalty: f32,
}

impl Default for DiversityLimits {
    fn default() -> Self {
        Self { category_share: 0.4, vendor_share: 0.3, likeness_penalty: 0.25 }
    }
}

/// What variety is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Traits<'a> {
    /// The category.
    pub category: &'a str,
    /// The vendor.
    pub vendor: &'a str,
    /// The content vector of length 1, empty when there is none.
    pub vector: &'a [f32],
}

/// Picks `count` of `scored` one by one, each time the best after paying for its likeness to those picked (maximal
/// marginal relevance, Carbonell and Goldstein 1998), within the limits. Where the limits leave places empty, the best
/// of the rest fill them, so that the page is full whenever there are enough products. `traits` is in the order of
/// `scored`.
#[must_use]
pub fn diversify(scored: Vec<Scored>, traits: &[Traits<'_>], count: usize, limits: &DiversityLimits) -> Vec<Scored> {
    let per_category = places(count, limits.category_share);
    let per_vendor = places(count, limits.vendor_share);
    let mut categories: HashMap<&str, usize> = HashMap::new();
    let mut vendors: HashMap<&str, usize> = HashMap::new();
    let mut open: Vec<Open<'_>> = scored
        .into_iter()
        .zip(traits.iter().copied())
        .map(|(scored, traits)| Open { scored, traits, likeness: 0.0 })
        .collect();
    let mut page: Vec<Scored> = Vec::with_capacity(count);
    while page.len() < count {
        let within = |open: &Open<'_>| {
            categories.get(open.traits.category).is_none_or(|taken| *taken < per_category)
                && vendors.get(open.traits.vendor).is_none_or(|taken| *taken < per_vendor)
        };
        let Some(place) = best(&open, limits, within).or_else(|| best(&open, limits, |_| true)) else { break };
        let chosen = open.swap_remove(place);
        *categories.entry(chosen.traits.category).or_default() += 1;
        *vendors.entry(chosen.traits.vendor).or_default() += 1;
        for other in &mut open {
            other.likeness = other.likeness.max(dot_product(chosen.traits.vector, other.traits.vector));
        }
        page.push(chosen.scored);
    }
    page
}

struct Open<'a> {
    scored: Scored,
    traits: Traits<'a>,
    likeness: f32,
}

fn best(open: &[Open<'_>], limits: &DiversityLimits, within: impl Fn(&Open<'_>) -> bool) -> Option<usize> {
    let value = |open: &Open<'_>| limits.likeness_penalty.mul_add(-open.likeness, open.scored.score);
    open.iter()
        .enumerate()
        .filter(|(_, one)| within(one))
        .max_by(|(_, a), (_, b)| value(a).total_cmp(&value(b)).then_with(|| b.scored.product.cmp(&a.scored.product)))
        .map(|(place, _)| place)
}

/// At least 2 places, so that a short page is not ruled by its limits.
fn places(count: usize, share: f32) -> usize {
    let mut places = 2;
    while places < count && (places as f32) < (count as f32) * share {
        places += 1;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Candidate, Link, Source};

    fn scored(name: &str, score: f32) -> Scored {
        let leading = Candidate { product: name.into(), source: Source::Popular, score, link: Link::None };
        Scored { product: name.into(), score, leading }
    }

    fn names(page: &[Scored]) -> Vec<&str> {
        page.iter().map(|scored| &*scored.product).collect()
    }

    #[test]
    fn one_category_does_not_fill_the_page() {
        let list: Vec<Scored> = ["s1", "s2", "s3", "s4", "j1", "j2"]
            .iter()
            .enumerate()
            .map(|(place, name)| scored(name, 0.9 - place as f32 * 0.1))
            .collect();
        let category = |name: &str| if name.starts_with('s') { "shirts" } else { "jeans" };
        let vendors: Vec<String> = list.iter().map(|s| s.product.to_string()).collect();
        let traits: Vec<Traits<'_>> = list
            .iter()
            .zip(&vendors)
            .map(|(s, vendor)| Traits { category: category(&s.product), vendor, vector: &[] })
            .collect();
        let page = diversify(list.clone(), &traits, 4, &DiversityLimits::default());
        assert_eq!(names(&page), ["s1", "s2", "j1", "j2"]);
        let full = diversify(list, &traits, 6, &DiversityLimits::default());
        assert_eq!(full.len(), 6, "limits give way before places stay empty");
    }

    #[test]
    fn near_twins_pay() {
        let list = vec![scored("a", 0.9), scored("b", 0.85), scored("c", 0.8)];
        let (one, two) = ([1.0, 0.0], [0.0, 1.0]);
        let traits = [&one, &one, &two].map(|vector| Traits { category: "x", vendor: "y", vector });
        let page = diversify(list, &traits, 2, &DiversityLimits::default());
        assert_eq!(names(&page), ["a", "c"]);
    }
}
