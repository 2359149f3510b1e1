//! Pictures of products.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Refusals;
use crate::{
    command::{
        Answer, Caller, Commands,
        keyed::{Perform, perform_once},
    },
    domain::{ErrorCode, UserError},
    entity::product_image,
    store::{StoreError, products},
};

/// The most pictures of one product.
pub const MEDIA_MAX: usize = 250;
/// The longest address in characters.
const URL_MAX: usize = 2_048;
/// The longest text in place of a picture, in characters.
const ALT_TEXT_MAX: usize = 512;
/// The most pixels of a side.
const SIDE_MAX: i32 = 65_535;

/// The pictures of a product, in place of those that it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetMedia {
    /// The product.
    pub product_id: String,
    /// In order, at most [`MEDIA_MAX`], each with another address.
    pub media: Vec<MediaDraft>,
}

/// One picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MediaDraft {
    /// Where it is: `https` alone, at most 2,048 characters.
    pub url: String,
    /// What it shows, at most 512 characters.
    pub alt_text: Option<String>,
    /// Width and height in pixels.
    pub size: Option<(i32, i32)>,
}

/// What was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaSet {
    /// The product.
    pub product_id: String,
}

impl Commands {
    /// Sets the pictures of a product, which gets a new revision and an event when they are others than before.
    ///
    /// # Errors
    ///
    /// When the store fails; then nothing has changed, or the same key finds the answer.
    pub async fn set_media(
        &self,
        caller: &Caller,
        input: &SetMedia,
        idempotency_key: &str,
    ) -> Result<Answer<MediaSet>, StoreError> {
        if let Err(refused) = check(&input.media) {
            return Ok(Err(refused));
        }
        perform_once(self, ("media", &caller.actor, idempotency_key), input, &Replace { caller, input }).await
    }
}

fn check(media: &[MediaDraft]) -> Answer<()> {
    let mut refusals = Refusals::default();
    if media.len() > MEDIA_MAX {
        let message = format!("{} pictures were given, at most {MEDIA_MAX} are possible", media.len());
        refusals.add("media", ErrorCode::TooManyLines, message);
        return refusals.or_none();
    }
    let mut seen = BTreeSet::new();
    for (index, draft) in media.iter().enumerate() {
        let path = |member: &str| format!("media.{index}.{member}");
        if let Err(message) = check_url(&draft.url) {
            refusals.add(&path("url"), ErrorCode::InvalidInput, message);
        }
        if !seen.insert(&draft.url) {
            refusals.add(&path("url"), ErrorCode::InvalidInput, "the same address is there twice");
        }
        let length = draft.alt_text.as_ref().map_or(0, |text| text.chars().count());
        if length > ALT_TEXT_MAX {
            let message = format!("the text has {length} characters, at most {ALT_TEXT_MAX} are possible");
            refusals.add(&path("altText"), ErrorCode::InvalidInput, message);
        }
        let is_side = |side: i32| (1..=SIDE_MAX).contains(&side);
        if draft.size.is_some_and(|(width, height)| !is_side(width) || !is_side(height)) {
            refusals.add(&path("width"), ErrorCode::InvalidInput, format!("a side has 1 to {SIDE_MAX} pixels"));
        }
    }
    refusals.or_none()
}

/// An address that a browser asks encrypted, without a name and password in it.
fn check_url(url: &str) -> Result<(), String> {
    if url.len() > URL_MAX {
        return Err(format!("the address has {} characters, at most {URL_MAX} are possible", url.len()));
    }
    if !url.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'`')) {
        return Err("an address has no spaces, quotes, `<`, `>`, backslashes, nor letters beyond ASCII".to_owned());
    }
    let Some(rest) = url.strip_prefix("https://") else { return Err("an address begins with `https://`".to_owned()) };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_of_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':');
    if host.is_empty() || host.starts_with(['.', '-', ':']) || !host.bytes().all(is_of_host) {
        return Err(format!("`{host}` is no host"));
    }
    Ok(())
}

struct Replace<'a> {
    caller: &'a Caller,
    input: &'a SetMedia,
}

impl Perform for Replace<'_> {
    type Output = MediaSet;

    async fn perform(&self, transaction: &DatabaseTransaction) -> Result<Answer<MediaSet>, StoreError> {
        let SetMedia { product_id, media } = self.input;
        let rows = products::lock(transaction, std::slice::from_ref(product_id)).await?;
        if rows.is_empty() {
            let message = format!("there is no product `{product_id}`");
            let error = UserError::at(&["input", "productId"], ErrorCode::UnknownProduct, message);
            return Ok(Err(vec![error]));
        }
        let own = product_image::Column::ProductId.eq(product_id.as_str());
        let mut old = product_image::Entity::find().filter(own.clone()).all(transaction).await?;
        old.sort_by_key(|row| row.position);
        let ids: BTreeMap<&str, &str> = old.iter().map(|row| (row.url.as_str(), row.id.as_str())).collect();
        let row = |(position, draft): (i32, &MediaDraft)| product_image::Model {
            // What stays keeps its id.
            id: ids.get(draft.url.as_str()).map_or_else(|| Uuid::now_v7().to_string(), |id| (*id).to_owned()),
            product_id: product_id.clone(),
            position,
            url: draft.url.clone(),
            alt_text: draft.alt_text.clone(),
            width: draft.size.map(|(width, _)| width),
            height: draft.size.map(|(_, height)| height),
        };
        let new: Vec<product_image::Model> = (1..).zip(media).map(row).collect();
        if new != old {
            product_image::Entity::delete_many().filter(own).exec(transaction).await?;
            if !new.is_empty() {
                let new = new.into_iter().map(|row| row.into_active_model().reset_all());
                product_image::Entity::insert_many(new).exec_without_returning(transaction).await?;
            }
            products::announce(transaction, rows, &self.caller.correlation_id).await?;
        }
        Ok(Ok(MediaSet { product_id: product_id.clone() }))
    }
}

#[cfg(test)]
mod tests {
    use super::check_url;

    #[test]
    fn an_address_is_encrypted_and_plain() {
        for good in ["https://cdn.example/a.jpg", "https://cdn.example:8443/a?b=c#d", "https://10.0.0.1/x%20y"] {
            assert_eq!(check_url(good), Ok(()), "{good}");
        }
        for bad in [
            "http://cdn.example/a.jpg",
            "https://",
            "https:///a",
            "https://ann:secret@cdn.example/a",
            "https://cdn.example/a b",
            "https://cdn.example/a\n",
            "javascript:alert(1)",
            "//cdn.example/a",
            "https://cdn.example/\"onload=",
            &format!("https://cdn.example/{}", "a".repeat(2_048)),
        ] {
            assert!(check_url(bad).is_err(), "{bad}");
        }
    }
}
