//! Merged drafts as rows and as the event that tells of them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::{NotSet, Set};
use serde_json::{Value, json};
use uuid::Uuid;

use super::merge::{MergedProduct, MergedVariant};
use crate::{
    catalog::draft::OptionDraft,
    entity::{product, product_image, product_option, variant},
    store::outbox::{NewEvent, PRODUCT_CHANGED},
};

/// The product's row.
pub(super) fn product(
    merged: &MergedProduct<'_>,
    nodes: &HashMap<Vec<String>, String>,
    now: DateTime<Utc>,
) -> product::ActiveModel {
    let draft = merged.draft;
    let currency = merged.variants.first().map_or("", |variant| variant.draft.currency_code.as_str());
    product::ActiveModel {
        id: Set(merged.id.clone()),
        handle: Set(draft.handle.clone()),
        title: Set(draft.title.clone()),
        description: Set(draft.description.clone()),
        vendor: Set(draft.vendor.clone()),
        category: Set(draft.category.clone()),
        // A file that says nothing of it leaves it where it is.
        taxonomy_category_id: match nodes.get(&draft.taxonomy) {
            Some(id) => Set(Some(id.clone())),
            None if merged.existing.is_some() => NotSet,
            None => Set(None),
        },
        gender: Set(draft.gender.clone()),
        material: Set(draft.material.clone()),
        style: Set(draft.style.clone()),
        occasion: Set(draft.occasion.clone()),
        tags: Set(json!(draft.tags)),
        status: Set(if draft.published { "ACTIVE" } else { "DRAFT" }.to_owned()),
        featured_rank: Set(merged.existing.map_or(draft.featured_rank, |product| product.featured_rank)),
        currency: Set(currency.to_owned()),
        price_min: Set(merged.prices().min().unwrap_or(0)),
        price_max: Set(merged.prices().max().unwrap_or(0)),
        revision: Set(merged.revision),
        created_at: Set(created_at(merged)),
        updated_at: Set(now),
    }
}

fn created_at(merged: &MergedProduct<'_>) -> DateTime<Utc> {
    merged.existing.map_or(merged.draft.created_at, |product| product.created_at)
}

/// The rows of its options.
pub(super) fn options(merged: &MergedProduct<'_>) -> impl Iterator<Item = product_option::ActiveModel> {
    merged.draft.options.iter().zip(1..).map(move |(option, position)| product_option::ActiveModel {
        id: Set(Uuid::now_v7().to_string()),
        product_id: Set(merged.id.clone()),
        position: Set(position),
        name: Set(option.name.clone()),
        option_values: Set(json!(option_values(merged, option))),
    })
}

/// The values of the draft, then those that only variants outside of it have.
fn option_values(merged: &MergedProduct<'_>, option: &OptionDraft) -> Vec<String> {
    let mut values = option.values.clone();
    for other in &merged.others {
        let pairs = other.options.as_array().into_iter().flatten();
        let own = pairs.filter(|pair| pair.get("name").and_then(Value::as_str) == Some(&option.name));
        for value in own.filter_map(|pair| pair.get("value")?.as_str()) {
            if !values.iter().any(|known| known == value) {
                values.push(value.to_owned());
            }
        }
    }
    values
}

/// The rows of its pictures.
pub(super) fn images(merged: &MergedProduct<'_>) -> impl Iterator<Item = product_image::ActiveModel> {
    merged.draft.images.iter().zip(1..).map(|(image, position)| product_image::ActiveModel {
        id: Set(Uuid::now_v7().to_string()),
        product_id: Set(merged.id.clone()),
        position: Set(position),
        url: Set(image.url.clone()),
        alt_text: Set(image.alt_text.clone()),
        width: Set(None),
        height: Set(None),
    })
}

/// The row of a variant; its badge is left to the ledger.
pub(super) fn variant(product_id: &str, merged: &MergedVariant<'_>, position: i32) -> variant::ActiveModel {
    let draft = merged.draft;
    let options: Vec<Value> =
        draft.options.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    variant::ActiveModel {
        id: Set(merged.id.clone()),
        product_id: Set(product_id.to_owned()),
        sku: Set(draft.sku.clone()),
        title: Set(draft.title.clone()),
        barcode: Set(draft.barcode.clone()),
        size: Set(draft.size.clone()),
        color: Set(draft.color.clone()),
        options: Set(Value::Array(options)),
        price_minor: Set(draft.price_minor),
        compare_at_minor: Set(draft.compare_at_minor),
        currency: Set(draft.currency_code.clone()),
        position: Set(position),
        stock_policy: Set(draft.stock_policy.as_str().to_owned()),
        expected_at: Set(draft.expected_at),
        badge_state: NotSet,
        badge_available: NotSet,
        badge_revision: NotSet,
    }
}

/// The event that carries the product's new state.
pub(super) fn changed(merged: &MergedProduct<'_>, is_hidden: bool) -> NewEvent {
    let draft = merged.draft;
    let variants: Vec<Value> = merged
        .variants
        .iter()
        .map(|variant| {
            json!({
                "sku": variant.draft.sku,
                "variantId": variant.id,
                "size": variant.draft.size,
                "color": variant.draft.color,
            })
        })
        .chain(merged.others.iter().map(|variant| {
            json!({ "sku": variant.sku, "variantId": variant.id, "size": variant.size, "color": variant.color })
        }))
        .collect();
    let first = merged.variants.first().map(|variant| variant.draft);
    NewEvent {
        event_type: PRODUCT_CHANGED,
        schema: "product_changed.v1",
        subject: merged.id.clone(),
        revision: merged.revision,
        data: json!({
            "productId": merged.id,
            "handle": draft.handle,
            "title": draft.title,
            "description": draft.description,
            "vendor": draft.vendor,
            "category": draft.category,
            "gender": draft.gender,
            "material": draft.material,
            "style": draft.style,
            "occasion": draft.occasion,
            "tags": draft.tags,
            "currencyCode": first.map(|variant| variant.currency_code.as_str()),
            "priceMin": merged.prices().min(),
            "createdAt": created_at(merged),
            "deleted": is_hidden || !draft.published,
            "revision": merged.revision,
            "variants": variants,
        }),
    }
}
