//! How long lists take on catalogs of several sizes: `cargo run --release -p selvedge-recommendation --example nearest`.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a measurement, not a service"
)]

use std::{sync::Arc, time::Instant};

use chrono::{DateTime, TimeDelta};
use rand::{Rng, SeedableRng, rngs::SmallRng, seq::IndexedRandom};
use selvedge_kit::clock::SystemClock;
use selvedge_recommendation::{
    Config,
    domain::{Badge, Behaviour, BehaviourKind, Consent, Product, StockState, Variant},
    recommend::{PageRequest, Recommender, Settings},
    state::{LiveState, SnapshotProduct},
};

const SIZES: [&str; 5] = ["XS", "S", "M", "L", "XL"];
const CATEGORIES: [&str; 12] = [
    "Shirts", "Trousers", "Jeans", "Dresses", "Skirts", "Knitwear", "Jackets", "Coats", "Shoes", "Boots", "Bags",
    "Scarves",
];
const MATERIALS: [&str; 8] = ["linen", "cotton", "wool", "silk", "denim", "leather", "cashmere", "viscose"];
const STYLES: [&str; 8] = ["minimal", "classic", "bold", "bohemian", "sporty", "vintage", "workwear", "romantic"];
const OCCASIONS: [&str; 5] = ["office", "weekend", "evening", "travel", "outdoor"];
const COLORS: [&str; 9] = ["navy", "black", "ecru", "olive", "rust", "sky", "white", "burgundy", "sand"];
const CUTS: [&str; 10] =
    ["Relaxed", "Slim", "Cropped", "Oversized", "Pleated", "Tapered", "Boxy", "Wrap", "Straight", "Quilted"];

fn main() {
    println!("{:>8} {:>24} {:>10} {:>10} {:>10}  ms", "products", "list", "best", "median", "p99");
    for products in [2_000, 20_000, 50_000] {
        let state = Arc::new(shop(products));
        let started = Instant::now();
        state.refit();
        let refit_ms = started.elapsed().as_secs_f64() * 1e3;
        let recommender = Recommender::new(state.clone(), Arc::new(SystemClock), Settings::default());
        let request = |n: usize| PageRequest { product: format!("p{}", n % products).into(), count: 8, customer: None };
        measure(products, "similar, first time", |n| recommender.similar(&[request(n * 7)]).len());
        measure(products, "similar, 20 products", |n| {
            let page: Vec<PageRequest> = (0..20).map(|place| request((n % 2) * 700 + place * 7)).collect();
            recommender.similar(&page).len()
        });
        measure(products, "bought together", |n| recommender.bought_together(&request(n)).len());
        measure(products, "feed, personal", |_| recommender.feed(Some("anna"), 20).items.len());
        measure(products, "feed, common", |_| recommender.feed(None, 20).items.len());
        println!("{products:>8} {:>24} {refit_ms:>10.1}", "weigh all vectors anew");
    }
}

fn measure(products: usize, name: &str, mut work: impl FnMut(usize) -> usize) {
    let mut times: Vec<f64> = (0..220)
        .map(|n| {
            let started = Instant::now();
            std::hint::black_box(work(n));
            started.elapsed().as_secs_f64() * 1e3
        })
        .skip(20)
        .collect();
    times.sort_by(f64::total_cmp);
    println!(
        "{products:>8} {name:>24} {:>10.3} {:>10.3} {:>10}",
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        "ms"
    );
}

/// A shop of `products` with a tenth sold out, and 20,000 things done by shoppers.
fn shop(products: usize) -> LiveState {
    let state = LiveState::new(&Config::default().state_limits());
    let mut random = SmallRng::seed_from_u64(7);
    for number in 0..products {
        let product = product(number, &mut random);
        let in_stock = !random.random_ratio(1, 10);
        let badge = Badge {
            state: if in_stock { StockState::InStock } else { StockState::OutOfStock },
            available: i64::from(in_stock) * 5,
            revision: 1,
        };
        let badges = product.variants.iter().map(|variant| (variant.sku.clone(), badge)).collect();
        state.load_product(SnapshotProduct { product, badges });
    }
    state.set_loaded();
    state.change_consent("anna", Consent { personalisation: true }, 1);
    let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
    for event in 0..20_000 {
        // Few products get most of the attention.
        let popular = random.random::<f64>().powi(3) * products as f64;
        let kinds = [BehaviourKind::View, BehaviourKind::View, BehaviourKind::Cart, BehaviourKind::Purchase];
        state.learn(
            &Behaviour {
                kind: *kinds.choose(&mut random).unwrap(),
                product: format!("p{}", popular as usize).into(),
                session: format!("s{}", event / 6),
                customer: (event > 19_980).then(|| "anna".to_owned()),
                occurred_at: now - TimeDelta::seconds(20_000 - event),
            },
            now,
        );
    }
    state
}

fn product(number: usize, random: &mut SmallRng) -> Product {
    let mut pick = |from: &[&str]| (*from.choose(random).unwrap()).to_owned();
    let (category, material, style, cut) = (pick(&CATEGORIES), pick(&MATERIALS), pick(&STYLES), pick(&CUTS));
    let (color, vendor, gender) = (pick(&COLORS), pick(&CUTS), pick(&["women", "men", "unisex"]));
    let occasion = pick(&OCCASIONS);
    let description = format!(
        "{cut} {category} in {material}, made for the {occasion}: {style} lines, soft seams and a {color} tone that \
         stays. Number {number} of the collection, washed and finished by hand."
    );
    Product {
        id: format!("p{number}").into(),
        title: format!("{cut} {material} {category}"),
        description,
        vendor,
        category,
        gender: Some(gender),
        material: Some(material),
        style: Some(style.clone()),
        occasion: Some(occasion.clone()),
        tags: vec![occasion, style],
        created_at: DateTime::UNIX_EPOCH + TimeDelta::minutes(i64::try_from(number).unwrap()),
        variants: SIZES
            .iter()
            .map(|size| Variant {
                sku: format!("p{number}-{size}").into(),
                size: Some((*size).to_owned()),
                color: Some(color.clone()),
            })
            .collect(),
    }
}
