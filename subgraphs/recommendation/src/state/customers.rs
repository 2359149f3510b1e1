//! What is known of customers who agreed to be known.

use std::{collections::VecDeque, sync::Arc};

use crate::domain::{Behaviour, BehaviourKind, Consent, ProductId, RecencyMap, StyleProfile};

/// Things remembered per customer.
const MAX_RECENT: usize = 50;

/// Customers, forgotten in the order of their last event when there are too many. Somebody forgotten is treated as
/// somebody who never agreed.
pub(super) struct Customers(RecencyMap<String, Customer>);

#[derive(Default)]
struct Customer {
    consent: Option<(Consent, i64)>,
    /// Held with consent alone.
    profile: Option<(Arc<StyleProfile>, i64)>,
    /// Newest last; held with consent alone.
    recent: VecDeque<Seed>,
}

/// Something that a customer did lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    /// With which product.
    pub product: ProductId,
    /// What.
    pub kind: BehaviourKind,
}

/// A customer as recommending sees one who agreed.
#[derive(Debug, Clone, Default)]
pub struct CustomerView {
    /// Sizes and taste.
    pub profile: Option<Arc<StyleProfile>>,
    /// What the customer did, newest first, one entry per product (the strongest thing done with it).
    pub recent: Vec<Seed>,
}

impl Customers {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self(RecencyMap::with_capacity(capacity))
    }

    /// Takes in what the customer agreed to; without personalisation everything personal is dropped at once.
    pub(super) fn change_consent(&mut self, customer: &str, consent: Consent, revision: i64) -> bool {
        let known = self.0.get_or_insert_with(&customer.to_owned(), Customer::default);
        if known.consent.is_some_and(|(_, seen)| seen >= revision) {
            return false;
        }
        known.consent = Some((consent, revision));
        if !consent.personalisation {
            known.profile = None;
            known.recent.clear();
        }
        true
    }

    pub(super) fn change_profile(&mut self, customer: &str, profile: StyleProfile, revision: i64) -> bool {
        let Some(known) = self.agreed(customer) else { return false };
        if known.profile.as_ref().is_some_and(|(_, seen)| *seen >= revision) {
            return false;
        }
        known.profile = Some((Arc::new(profile), revision));
        true
    }

    pub(super) fn remember(&mut self, behaviour: &Behaviour) -> bool {
        let Some(known) = behaviour.customer.as_deref().and_then(|customer| self.agreed(customer)) else {
            return false;
        };
        known.recent.push_back(Seed { product: behaviour.product.clone(), kind: behaviour.kind });
        if known.recent.len() > MAX_RECENT {
            known.recent.pop_front();
        }
        true
    }

    fn agreed(&mut self, customer: &str) -> Option<&mut Customer> {
        self.view(customer)?;
        Some(self.0.get_or_insert_with(&customer.to_owned(), Customer::default))
    }

    /// The customer, when known and agreed.
    pub(super) fn view(&self, customer: &str) -> Option<CustomerView> {
        let known = self.0.peek(customer)?;
        known.consent.filter(|(consent, _)| consent.personalisation)?;
        let mut recent: Vec<Seed> = Vec::new();
        for seed in known.recent.iter().rev() {
            match recent.iter_mut().find(|newer| newer.product == seed.product) {
                Some(newer) if newer.kind.popularity_weight() < seed.kind.popularity_weight() => newer.kind = seed.kind,
                Some(_) => {}
                None => recent.push(seed.clone()),
            }
        }
        Some(CustomerView { profile: known.profile.as_ref().map(|(profile, _)| profile.clone()), recent })
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn did(kind: BehaviourKind, product: &str) -> Behaviour {
        Behaviour {
            kind,
            product: product.into(),
            session: "s".into(),
            customer: Some("c".into()),
            occurred_at: chrono::DateTime::UNIX_EPOCH,
        }
    }

    const YES: Consent = Consent { personalisation: true };
    const NO: Consent = Consent { personalisation: false };

    #[test]
    fn nothing_is_kept_without_consent_and_all_is_dropped_with_it() {
        let mut customers = Customers::with_capacity(10);
        assert!(!customers.remember(&did(BehaviourKind::View, "a")));
        assert!(customers.view("c").is_none());
        customers.change_consent("c", YES, 1);
        assert!(customers.remember(&did(BehaviourKind::View, "a")));
        assert!(customers.change_profile("c", StyleProfile::default(), 1));
        assert_eq!(customers.view("c").unwrap().recent.len(), 1);
        customers.change_consent("c", NO, 3);
        assert!(!customers.change_consent("c", YES, 2), "an older yes does not undo a no");
        assert!(customers.view("c").is_none());
        customers.change_consent("c", YES, 4);
        let view = customers.view("c").unwrap();
        assert!(view.recent.is_empty() && view.profile.is_none());
    }

    #[test]
    fn one_seed_per_product_newest_first_with_the_strongest_deed() {
        let mut customers = Customers::with_capacity(10);
        customers.change_consent("c", YES, 1);
        for (kind, product) in [(BehaviourKind::Purchase, "a"), (BehaviourKind::View, "b"), (BehaviourKind::View, "a")]
        {
            customers.remember(&did(kind, product));
        }
        let recent = customers.view("c").unwrap().recent;
        assert_eq!(
            recent,
            [
                Seed { product: "a".into(), kind: BehaviourKind::Purchase },
                Seed { product: "b".into(), kind: BehaviourKind::View }
            ]
        );
    }
}
