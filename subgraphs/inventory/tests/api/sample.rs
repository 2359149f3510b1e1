//! A small catalog with ties in every order, known to the tests row by row.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use selvedge_inventory::{
    entity::{location, product, product_image, product_option, stock_level, variant},
    store::Store,
};
use serde_json::json;

/// All rows.
pub(crate) struct Sample {
    pub(crate) products: Vec<product::Model>,
    pub(crate) variants: Vec<variant::Model>,
    pub(crate) locations: Vec<location::Model>,
    pub(crate) levels: Vec<stock_level::Model>,
}

/// Of these the last one is a draft.
pub(crate) const PRODUCTS: i32 = 24;
const SIZES: [&str; 3] = ["S", "M", "L"];
const COLORS: [&str; 2] = ["Navy", "Sand"];

impl Sample {
    pub(crate) fn new() -> Self {
        let mut sample =
            Self { products: Vec::new(), variants: Vec::new(), locations: locations(), levels: Vec::new() };
        for number in 0..PRODUCTS {
            sample.products.push(product_row(number));
            for position in 0..6 {
                sample.add_variant(number, position);
            }
        }
        sample
    }

    /// The products that a shopper can see.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &product::Model> {
        self.products.iter().filter(|row| row.status == "ACTIVE")
    }

    pub(crate) fn variants_of<'a>(&'a self, product_id: &'a str) -> impl Iterator<Item = &'a variant::Model> {
        self.variants.iter().filter(move |row| row.product_id == product_id)
    }

    fn add_variant(&mut self, number: i32, position: i32) {
        let (size, color) = (SIZES[position as usize % 3], COLORS[position as usize / 3]);
        let id = format!("v{number:02}-{position}");
        let price_min = 1_000 + i64::from(number % 6) * 500;
        let mut available = 0;
        for (index, place) in ["l1", "l2"].into_iter().enumerate() {
            let on_hand = if (number + position) % 4 == 0 || number == 7 { 1 } else { 3 + position };
            let safety_stock = i32::from(index == 0);
            let committed = i32::from((number + position) % 4 == 0 || number == 7) * i32::from(index == 1);
            available += on_hand - committed - safety_stock;
            self.levels.push(stock_level::Model {
                id: format!("{id}-{place}"),
                variant_id: id.clone(),
                location_id: place.to_owned(),
                on_hand,
                committed,
                reserved: 0,
                damaged: 0,
                quality_control: 0,
                safety_stock,
                incoming: 0,
                version: 1,
                updated_at: time(0),
            });
        }
        let state = match available {
            0 => "OUT_OF_STOCK",
            1..=5 => "LOW_STOCK",
            _ => "IN_STOCK",
        };
        self.variants.push(variant::Model {
            id,
            product_id: format!("p{number:02}"),
            sku: sku(number, position),
            title: format!("{color} / {size}"),
            barcode: None,
            size: Some(size.to_owned()),
            color: Some(color.to_owned()),
            options: json!([{"name": "Size", "value": size}, {"name": "Color", "value": color}]),
            price_minor: price_min + if size == "L" { 200 } else { 0 },
            compare_at_minor: None,
            currency: "EUR".to_owned(),
            position: position + 1,
            stock_policy: "DENY".to_owned(),
            expected_at: None,
            badge_state: state.to_owned(),
            badge_available: available,
            badge_revision: 1,
        });
    }

    pub(crate) async fn insert(&self, store: &Store) {
        let writer = store.begin_write().await.unwrap();
        location::Entity::insert_many(self.locations.iter().cloned().map(|row| row.into_active_model().reset_all()))
            .exec(&writer)
            .await
            .unwrap();
        product::Entity::insert_many(self.products.iter().cloned().map(|row| row.into_active_model().reset_all()))
            .exec(&writer)
            .await
            .unwrap();
        for product in &self.products {
            let option = product_option::Model {
                id: format!("o{}", product.id),
                product_id: product.id.clone(),
                position: 1,
                name: "Size".to_owned(),
                option_values: json!(SIZES),
            };
            product_option::Entity::insert(option.into_active_model().reset_all()).exec(&writer).await.unwrap();
            let image = product_image::Model {
                id: format!("i{}", product.id),
                product_id: product.id.clone(),
                position: 1,
                url: format!("https://img.example/{}.jpg", product.handle),
                alt_text: None,
                width: None,
                height: None,
            };
            product_image::Entity::insert(image.into_active_model().reset_all()).exec(&writer).await.unwrap();
        }
        variant::Entity::insert_many(self.variants.iter().cloned().map(|row| row.into_active_model().reset_all()))
            .exec(&writer)
            .await
            .unwrap();
        stock_level::Entity::insert_many(self.levels.iter().cloned().map(|row| row.into_active_model().reset_all()))
            .exec(&writer)
            .await
            .unwrap();
        writer.commit().await.unwrap();
    }
}

/// The SKU of one variant.
pub(crate) fn sku(number: i32, position: i32) -> String {
    format!("SKU-{number:02}-{position}")
}

fn locations() -> Vec<location::Model> {
    [("l1", "WAREHOUSE", 1), ("l2", "STORE", 2)]
        .into_iter()
        .map(|(id, kind, priority)| location::Model {
            id: id.to_owned(),
            code: id.to_uppercase(),
            name: format!("Place {id}"),
            kind: kind.to_owned(),
            city: "Lyon".to_owned(),
            country_code: "FR".to_owned(),
            priority,
            active: true,
        })
        .collect()
}

fn product_row(number: i32) -> product::Model {
    let at = number as usize;
    let price_min = 1_000 + i64::from(number % 6) * 500;
    let mut tags = Vec::new();
    if number < 6 {
        tags.push("new");
    }
    if number % 4 == 0 {
        tags.extend(["sale", "organic"]);
    }
    product::Model {
        id: format!("p{number:02}"),
        handle: format!("handle-{number:02}"),
        title: format!("Harbour shirt {}", number / 3),
        description: "Woven slowly.".to_owned(),
        vendor: ["Aldgate & Sons", "Bramley", "100%_wool"][at % 3].to_owned(),
        category: ["Shirts", "Trousers"][at % 2].to_owned(),
        taxonomy_category_id: None,
        gender: (number % 3 != 0).then(|| ["Women", "Men"][at % 2].to_owned()),
        material: Some(["Linen", "Wool", "Cotton"][at / 2 % 3].to_owned()),
        style: Some(["Casual", "Formal"][at / 4 % 2].to_owned()),
        occasion: (number % 5 == 0).then(|| "Work".to_owned()),
        tags: json!(tags),
        status: if number == PRODUCTS - 1 { "DRAFT" } else { "ACTIVE" }.to_owned(),
        featured_rank: number / 4,
        currency: "EUR".to_owned(),
        price_min,
        price_max: price_min + 200,
        revision: 1,
        created_at: time(number / 2),
        updated_at: time(number / 2),
    }
}

/// Times with and without fractions, so that their text forms differ in length.
fn time(hours: i32) -> DateTime<Utc> {
    let start: DateTime<Utc> = "2026-03-01T08:00:00Z".parse().unwrap();
    start + TimeDelta::hours(hours.into()) + TimeDelta::microseconds((i64::from(hours) % 3) * 250_500)
}
