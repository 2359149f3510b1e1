//! Which products occur together in baskets or visits.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::{ProductId, RecencyMap};

/// What bounds the model.
#[derive(Debug, Clone, Copy)]
pub struct CoOccurrenceLimits {
    /// Two products occur together when the same session has both within this time.
    pub window: TimeDelta,
    /// Doubts pairs that were seen seldom: a pair seen `n` times counts `n / (n + shrinkage)`.
    pub shrinkage: f32,
    /// Sessions remembered at a time.
    pub sessions: usize,
    /// Products remembered per session.
    pub products_per_session: usize,
    /// Neighbours remembered per product.
    pub neighbours: usize,
}

impl Default for CoOccurrenceLimits {
    fn default() -> Self {
        Self {
            window: TimeDelta::minutes(60),
            shrinkage: 1.0,
            sessions: 50_000,
            products_per_session: 50,
            neighbours: 400,
        }
    }
}

/// Counts pairs, and compares by the cosine of their occurrences with shrinkage (Sarwar et al., "Item-based
/// collaborative filtering recommendation algorithms", WWW 2001).
#[derive(Debug)]
pub struct CoOccurrence {
    limits: CoOccurrenceLimits,
    sessions: RecencyMap<u64, VecDeque<Occurrence>>,
    totals: HashMap<ProductId, f32>,
    pairs: HashMap<ProductId, HashMap<ProductId, f32>>,
}

#[derive(Debug)]
struct Occurrence {
    product: ProductId,
    at: DateTime<Utc>,
    weight: f32,
}

impl CoOccurrence {
    /// A model that has seen nothing.
    #[must_use]
    pub fn new(limits: CoOccurrenceLimits) -> Self {
        Self {
            limits,
            sessions: RecencyMap::with_capacity(limits.sessions),
            totals: HashMap::new(),
            pairs: HashMap::new(),
        }
    }

    /// Learns that `session` had `product` at `at`, with a weight of 0 to 1. The same product again within the window
    /// counts only for what its weight grew (a cart that becomes a purchase). Gives that growth.
    pub fn observe(&mut self, session: u64, product: &ProductId, at: DateTime<Utc>, weight: f32) -> f32 {
        let limits = self.limits;
        let items = self.sessions.get_or_insert_with(&session, VecDeque::new);
        let newest = items.iter().map(|item| item.at).max().map_or(at, |newest| newest.max(at));
        items.retain(|item| newest - item.at <= limits.window);
        let own = items.iter_mut().find(|item| item.product == *product && near(item.at, at, limits.window));
        let before = match own {
            Some(own) => {
                let before = own.weight;
                own.weight = before.max(weight);
                own.at = own.at.max(at);
                before
            }
            None => 0.0,
        };
        let growth = (weight - before).max(0.0);
        if growth == 0.0 {
            return 0.0;
        }
        let partners: Vec<(ProductId, f32)> = items
            .iter()
            .filter(|item| item.product != *product && near(item.at, at, limits.window))
            .map(|item| (item.product.clone(), weight.min(item.weight) - before.min(item.weight)))
            .filter(|(_, shared)| *shared > 0.0)
            .collect();
        if before == 0.0 {
            items.push_back(Occurrence { product: product.clone(), at, weight });
            if items.len() > limits.products_per_session {
                items.pop_front();
            }
        }
        *self.totals.entry(product.clone()).or_default() += growth;
        for (partner, shared) in partners {
            self.add_pair(product, &partner, shared);
            self.add_pair(&partner, product, shared);
        }
        growth
    }

    fn add_pair(&mut self, of: &ProductId, with: &ProductId, shared: f32) {
        let neighbours = self.pairs.entry(of.clone()).or_default();
        *neighbours.entry(with.clone()).or_default() += shared;
        // Forgetting the weaker half at once is cheaper than the weakest one each time.
        if neighbours.len() > self.limits.neighbours {
            let mut weights: Vec<(f32, ProductId)> = neighbours.iter().map(|(id, w)| (*w, id.clone())).collect();
            weights.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
            for (_, weakest) in weights.drain(weights.len() / 2..) {
                neighbours.remove(&weakest);
            }
        }
    }

    /// What occurs together with `product`: other products with scores of 0 to 1, best first, equal scores by id.
    #[must_use]
    pub fn neighbours(&self, product: &str) -> Vec<(ProductId, f32)> {
        let total = |id: &str| self.totals.get(id).copied().unwrap_or(0.0);
        let own_total = total(product);
        let mut scored: Vec<(ProductId, f32)> = self
            .pairs
            .get(product)
            .into_iter()
            .flatten()
            .filter_map(|(other, together)| {
                let scale = (own_total * total(other)).sqrt();
                let trust = together / (together + self.limits.shrinkage);
                (scale > 0.0).then(|| (other.clone(), (together / scale * trust).clamp(0.0, 1.0)))
            })
            .collect();
        scored.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        scored
    }

    /// Forgets all products but those which `keep` names.
    pub fn retain(&mut self, keep: impl Fn(&ProductId) -> bool) {
        self.totals.retain(|product, _| keep(product));
        self.pairs.retain(|product, _| keep(product));
        for neighbours in self.pairs.values_mut() {
            neighbours.retain(|partner, _| keep(partner));
        }
    }

    /// Forgets `product`.
    pub fn forget(&mut self, product: &str) {
        self.totals.remove(product);
        for partner in self.pairs.remove(product).into_iter().flatten().map(|(partner, _)| partner) {
            if let Some(neighbours) = self.pairs.get_mut(&partner) {
                neighbours.remove(product);
            }
        }
    }
}

fn near(a: DateTime<Utc>, b: DateTime<Utc>, window: TimeDelta) -> bool {
    (a - b).abs() <= window
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    fn model() -> CoOccurrence {
        CoOccurrence::new(CoOccurrenceLimits::default())
    }

    fn names(model: &CoOccurrence, of: &str) -> Vec<String> {
        model.neighbours(of).iter().map(|(id, _)| id.to_string()).collect()
    }

    #[test]
    fn products_of_one_basket_belong_together() {
        let mut model = model();
        let [shirt, belt, boots]: [ProductId; 3] = ["shirt", "belt", "boots"].map(Into::into);
        for session in 0..3 {
            model.observe(session, &shirt, at(0), 1.0);
            model.observe(session, &belt, at(1), 1.0);
        }
        model.observe(9, &shirt, at(0), 1.0);
        model.observe(9, &boots, at(1), 1.0);
        assert_eq!(names(&model, "shirt"), ["belt", "boots"]);
        assert_eq!(names(&model, "boots"), ["shirt"]);
        let (_, score) = model.neighbours("shirt")[0];
        assert!((score - 3.0 / 12.0_f32.sqrt() * 0.75).abs() < 1e-6, "{score}");
    }

    #[test]
    fn outside_the_window_nothing_is_together() {
        let mut model = model();
        model.observe(1, &"a".into(), at(0), 1.0);
        model.observe(1, &"b".into(), at(61), 1.0);
        model.observe(2, &"b".into(), at(10), 1.0);
        assert!(model.neighbours("a").is_empty());
    }

    #[test]
    fn repeats_do_not_count_but_a_purchase_after_the_cart_does() {
        let mut model = model();
        let (a, b): (ProductId, ProductId) = ("a".into(), "b".into());
        model.observe(1, &a, at(0), 1.0);
        let carted = model.observe(1, &b, at(1), 0.3);
        let again = model.observe(1, &b, at(2), 0.3);
        let bought = model.observe(1, &b, at(3), 1.0);
        assert!((carted - 0.3).abs() < 1e-6 && again == 0.0 && (bought - 0.7).abs() < 1e-6);
        let (_, score) = model.neighbours("a")[0];
        assert!((score - 0.5).abs() < 1e-6, "one pair of weight 1, trusted by half: {score}");
    }

    #[test]
    fn memory_is_bounded() {
        let mut model = CoOccurrence::new(CoOccurrenceLimits {
            neighbours: 10,
            products_per_session: 5,
            ..CoOccurrenceLimits::default()
        });
        for n in 0..200 {
            model.observe(n, &"hub".into(), at(0), 1.0);
            model.observe(n, &format!("p{n}").into(), at(0), 1.0);
        }
        assert!(model.neighbours("hub").len() <= 10);
        model.forget("hub");
        assert!(model.neighbours("hub").is_empty() && model.neighbours("p199").is_empty());
    }

    #[test]
    fn only_what_is_kept_stays() {
        let mut model = model();
        for product in ["a", "b", "made up"] {
            model.observe(1, &product.into(), at(0), 1.0);
        }
        model.retain(|product| &**product != "made up");
        assert_eq!(names(&model, "a"), ["b"]);
        assert!(model.neighbours("made up").is_empty());
    }
}
