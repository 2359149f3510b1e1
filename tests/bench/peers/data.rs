//! What the subgraphs know: the same every time.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

/// Objects by type and key. A field that refers to another object is `{"$": "Type:key"}`.
pub(crate) struct Store {
    objects: HashMap<String, Map<String, Value>>,
}

const MEMBERS: usize = 6;
const ARTICLES: usize = 9;
/// In the answer to `bestsellers`.
const BESTSELLERS: usize = 5;
const OPINIONS: usize = 24;
const PRODUCTS: usize = 20;
const SENTENCES: [&str; 4] = [
    "Wears well and keeps its colour; the second one is on its way.",
    "Runs a little large, but the fabric is worth it.",
    "I gave it to my brother, who has not taken it off since.",
    "Seams came loose after a month, otherwise fine.",
];

fn reference(ty: &str, key: impl std::fmt::Display) -> Value {
    json!({ "$": format!("{ty}:{key}") })
}

impl Store {
    pub(crate) fn new() -> Self {
        let mut store = Self { objects: HashMap::new() };
        store.add_opinions();
        store.add_shop();
        store
    }

    pub(crate) fn get(&self, reference: &str) -> Option<&Map<String, Value>> {
        self.objects.get(reference)
    }

    fn add(&mut self, ty: &str, key: &str, fields: Value) {
        let Value::Object(mut fields) = fields else { panic!("{fields}") };
        fields.insert("__typename".to_owned(), ty.into());
        self.objects.insert(format!("{ty}:{key}"), fields);
    }

    /// Members who have opinions of articles; who has which is spread evenly, with repetition.
    fn add_opinions(&mut self) {
        let author = |opinion: usize| (opinion * 5 + opinion / MEMBERS) % MEMBERS;
        let article = |opinion: usize| (opinion * 7 + opinion / 4) % ARTICLES;
        for member in 0..MEMBERS {
            let own = (0..OPINIONS).filter(|&opinion| author(opinion) == member);
            let opinions: Vec<Value> = own.map(|opinion| reference("Opinion", opinion)).collect();
            let (id, name) = (member.to_string(), format!("Member Number {member}"));
            let fields = json!({ "id": id, "handle": format!("member{member}"), "name": name, "opinions": opinions });
            self.add("Member", &id, fields);
        }
        for number in 0..ARTICLES {
            let about = (0..OPINIONS).filter(|&opinion| article(opinion) == number);
            let opinions: Vec<Value> = about.map(|opinion| reference("Opinion", opinion)).collect();
            let code = format!("a{number}");
            let fields = json!({
                "code": code, "price": 1_000 + 137 * number, "title": format!("Article Number {number}"),
                "weight": 100 + 31 * number, "isAvailable": number % 3 != 0, "deliveryCost": 50 + number,
                "opinions": opinions,
            });
            self.add("Article", &code, fields);
        }
        for opinion in 0..OPINIONS {
            let fields = json!({
                "id": opinion.to_string(), "text": SENTENCES[opinion % SENTENCES.len()],
                "article": reference("Article", format!("a{}", article(opinion))),
                "author": reference("Member", author(opinion)),
            });
            self.add("Opinion", &opinion.to_string(), fields);
        }
        let members: Vec<Value> = (0..MEMBERS).map(|member| reference("Member", member)).collect();
        let articles = (0..BESTSELLERS).map(|number| reference("Article", format!("a{number}")));
        let fields = json!({ "members": members, "bestsellers": articles.collect::<Vec<_>>() });
        self.add("Query", "", fields);
    }

    /// What the query of our own shop asks for.
    fn add_shop(&mut self) {
        for number in 0..PRODUCTS {
            let similar = (1..4).map(|step| {
                json!({
                    "__typename": "Recommendation", "score": 0.5 + f64::from(step) / 16.0,
                    "reason": { "__typename": "RecommendationReason", "code": "SIMILAR_ATTRIBUTES", "text": "has much in common" },
                    "product": reference("Product", (number * 3 + usize::try_from(step).unwrap() * 4) % PRODUCTS),
                })
            });
            let id = format!("0190a1b2-c3d4-7000-8000-{number:012}");
            let fields = json!({
                "id": id, "handle": format!("product-{number}"), "title": format!("Oxford Shirt Number {number}"),
                "vendor": "House of Selvedge", "totalAvailable": 3 * number, "availableForSale": number % 4 != 0,
                "isWishlisted": number % 5 == 0, "similar": similar.collect::<Vec<_>>(),
            });
            self.add("Product", &number.to_string(), fields.clone());
            self.add("Product", &id, fields);
        }
        let nodes: Vec<Value> = (0..PRODUCTS).map(|number| reference("Product", number)).collect();
        let products = json!({ "__typename": "ProductConnection", "totalCount": 2_000, "nodes": nodes });
        if let Some(query) = self.objects.get_mut("Query:") {
            query.insert("products".to_owned(), products);
        }
    }
}
