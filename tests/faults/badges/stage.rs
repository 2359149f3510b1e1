//! What everyone in a test shares.

use std::{collections::HashMap, time::Duration};

use serde_json::{Value, json};
use tokio::sync::{RwLock, watch};

use super::{books::Books, client::Badge};

const PATIENCE: Duration = Duration::from_secs(10);

/// What clients do, apart from listening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    /// They stall, drop their connections and come back.
    Wild,
    /// Who is away comes back.
    Calm,
    /// The test is over.
    Over,
}

/// A SKU whose stock is changed, at one location.
pub(super) struct Shelf {
    pub(super) sku: String,
    pub(super) location: String,
}

/// Where a test plays.
pub(super) struct Stage {
    /// Of the gateways.
    pub(super) urls: Vec<String>,
    pub(super) staff: String,
    pub(super) shelves: Vec<Shelf>,
    pub(super) books: Books,
    pub(super) seed: u64,
    /// Held for reading as long as a change is under way.
    pub(super) writing: RwLock<()>,
    pub(super) mood: watch::Sender<Mood>,
    http: reqwest::Client,
}

impl Stage {
    /// With so many SKUs that have stock.
    pub(super) async fn set(urls: Vec<String>, staff: String, skus: usize, seed: u64) -> Self {
        let mut stage = Self {
            urls,
            staff,
            shelves: Vec::new(),
            books: Books::default(),
            seed,
            writing: RwLock::default(),
            mood: watch::Sender::new(Mood::Calm),
            http: reqwest::Client::builder().timeout(PATIENCE).build().unwrap(),
        };
        let query = "{ products(first: 24, filter: { available: true }) { nodes { variants { sku
            badge { sku available revision }
            levels(first: 10) { nodes { location { id } quantities { available } } } } } } }";
        let data = stage.ask(0, query, json!({})).await.unwrap();
        let products = data["products"]["nodes"].as_array().unwrap().iter();
        let variants = products.flat_map(|product| product["variants"].as_array().unwrap());
        let mut badges = Vec::new();
        for variant in variants {
            let badge = Badge::read(&variant["badge"]).unwrap();
            let levels = variant["levels"]["nodes"].as_array().unwrap();
            let open = levels.iter().find(|level| level["quantities"]["available"].as_i64().unwrap() > 0);
            if let Some(level) = open.filter(|_| badges.len() < skus) {
                let location = level["location"]["id"].as_str().unwrap().to_owned();
                stage.shelves.push(Shelf { sku: badge.sku.clone(), location });
                badges.push(badge);
            }
        }
        assert_eq!(badges.len(), skus, "the sample has too few SKUs");
        stage.books = Books::of(badges);
        stage
    }

    /// The data of the answer of a gateway to staff; else what came.
    pub(super) async fn ask(&self, gateway: usize, query: &str, variables: Value) -> Result<Value, String> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let request = self.http.post(format!("{}/graphql", self.urls[gateway])).bearer_auth(&self.staff);
        let answer = request.header("content-type", "application/json").body(body).send().await;
        let text = answer.map_err(|error| error.to_string())?.text().await.map_err(|error| error.to_string())?;
        match serde_json::from_str::<Value>(&text) {
            Ok(mut answer) if answer.get("errors").is_none() => Ok(answer["data"].take()),
            _ => Err(text),
        }
    }

    /// The newest revisions that writers were told of.
    pub(super) fn acknowledged(&self) -> HashMap<String, i64> {
        self.shelves.iter().map(|shelf| (shelf.sku.clone(), self.books.acknowledged(&shelf.sku))).collect()
    }

    /// Changes the mood.
    pub(super) fn turn(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }

    pub(super) fn is_over(&self) -> bool {
        *self.mood.borrow() == Mood::Over
    }

    /// Waits until the mood is this one, or the test is over.
    pub(super) async fn until(&self, wanted: Mood) {
        // The sender lives as long as the stage.
        let _ = self.mood.subscribe().wait_for(|mood| *mood == wanted || *mood == Mood::Over).await;
    }
}
