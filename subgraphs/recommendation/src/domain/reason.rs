//! Why a product is recommended, in a sentence.

use super::{BehaviourKind, Candidate, Link, Product, ProductId, Source};

/// The kind of a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReasonCode {
    /// Alike by attributes and text.
    SimilarAttributes,
    /// In the same baskets.
    BoughtTogether,
    /// Looked at in the same visits.
    ViewedTogether,
    /// Liked by many.
    Popular,
    /// Rising.
    Trending,
    /// Meets the style profile.
    MatchesProfile,
    /// New.
    NewArrival,
}

/// Why a product is recommended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The kind.
    pub code: ReasonCode,
    /// One sentence for the shopper.
    pub text: String,
    /// The product that led here.
    pub because: Option<ProductId>,
}

/// Says why `candidate`, which is `product`, is shown; `led_by` is the product that its link names, when it is known.
#[must_use]
pub fn explain(candidate: &Candidate, product: &Product, led_by: Option<&Product>) -> Reason {
    let code = match candidate.source {
        Source::Similar => ReasonCode::SimilarAttributes,
        Source::BoughtTogether => ReasonCode::BoughtTogether,
        Source::ViewedTogether => ReasonCode::ViewedTogether,
        Source::MatchesProfile => ReasonCode::MatchesProfile,
        Source::Trending => ReasonCode::Trending,
        Source::Popular => ReasonCode::Popular,
        Source::NewArrival => ReasonCode::NewArrival,
    };
    let text = match (&candidate.link, led_by) {
        (Link::Seed { kind, .. }, Some(seed)) => because_of(*kind, candidate.source, &seed.title),
        (Link::Page(_), Some(page)) => beside(candidate.source, page, product),
        (Link::Wishes(wishes), _) if !wishes.is_empty() => format!("Matches your taste: {}", listed(wishes)),
        _ => in_general(candidate.source, &product.category),
    };
    Reason { code, text, because: led_by.map(|seed| seed.id.clone()) }
}

fn because_of(kind: BehaviourKind, source: Source, title: &str) -> String {
    match (source, kind) {
        (Source::BoughtTogether, _) => format!("Often bought together with {title}"),
        (_, BehaviourKind::View | BehaviourKind::Click) => format!("Because you viewed {title}"),
        (_, BehaviourKind::Cart) => format!("Because you added {title} to your cart"),
        (_, BehaviourKind::Purchase) => format!("Because you bought {title}"),
    }
}

fn beside(source: Source, page: &Product, product: &Product) -> String {
    match source {
        Source::BoughtTogether => format!("Often bought together with {}", page.title),
        Source::ViewedTogether => format!("Shoppers who viewed {} also viewed this", page.title),
        _ => {
            let shared = shared_attributes(page, product);
            if shared.is_empty() {
                format!("Similar to {}", page.title)
            } else {
                format!("Similar to {}: {}", page.title, listed(&shared))
            }
        }
    }
}

fn in_general(source: Source, category: &str) -> String {
    match source {
        Source::Trending => format!("Trending in {category} right now"),
        Source::Popular => format!("Popular in {category}"),
        Source::NewArrival => format!("New in {category}"),
        Source::BoughtTogether => "Often bought together".to_owned(),
        Source::ViewedTogether => "Often viewed together".to_owned(),
        Source::Similar => format!("More in {category}"),
        Source::MatchesProfile => "Matches your taste".to_owned(),
    }
}

/// At most three attributes that both have, as a shopper would say them.
fn shared_attributes(a: &Product, b: &Product) -> Vec<String> {
    let same = |a: Option<&str>, b: Option<&str>| match (a, b) {
        (Some(a), Some(b)) if a.eq_ignore_ascii_case(b) && !a.is_empty() => Some(a.to_lowercase()),
        _ => None,
    };
    [
        same(a.material.as_deref(), b.material.as_deref()),
        same(a.style.as_deref(), b.style.as_deref()),
        same(a.occasion.as_deref(), b.occasion.as_deref()),
        same(Some(&a.category), Some(&b.category)),
    ]
    .into_iter()
    .flatten()
    .take(3)
    .collect()
}

fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(title: &str, material: &str) -> Product {
        Product {
            id: title.to_lowercase().into(),
            title: title.into(),
            description: String::new(),
            vendor: "V".into(),
            category: "Shirts".into(),
            gender: None,
            material: Some(material.into()),
            style: Some("Minimal".into()),
            occasion: None,
            tags: vec![],
            created_at: chrono::DateTime::UNIX_EPOCH,
            variants: vec![],
        }
    }

    fn candidate(source: Source, link: Link) -> Candidate {
        Candidate { product: "x".into(), source, score: 1.0, link }
    }

    #[test]
    fn sentences_are_for_people() {
        let (seed, other) = (product("Linen Shirt", "Linen"), product("Camp Shirt", "linen"));
        let seed_link = |kind| Link::Seed { product: seed.id.clone(), kind };
        let said = |source, link, led_by| explain(&candidate(source, link), &other, led_by).text;
        assert_eq!(
            said(Source::Similar, seed_link(BehaviourKind::View), Some(&seed)),
            "Because you viewed Linen Shirt"
        );
        assert_eq!(
            said(Source::BoughtTogether, seed_link(BehaviourKind::Cart), Some(&seed)),
            "Often bought together with Linen Shirt"
        );
        assert_eq!(
            said(Source::Similar, Link::Page(seed.id.clone()), Some(&seed)),
            "Similar to Linen Shirt: linen, minimal and shirts"
        );
        assert_eq!(said(Source::Popular, Link::None, None), "Popular in Shirts");
        assert_eq!(
            said(Source::MatchesProfile, Link::Wishes(vec!["minimal".into(), "navy".into()]), None),
            "Matches your taste: minimal and navy"
        );
    }

    #[test]
    fn a_lost_seed_is_not_named() {
        let link = Link::Seed { product: "gone".into(), kind: BehaviourKind::View };
        let reason = explain(&candidate(Source::Similar, link), &product("Camp Shirt", "linen"), None);
        assert_eq!((reason.text.as_str(), reason.because), ("More in Shirts", None));
    }
}
