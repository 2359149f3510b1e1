//! Takes an answer of a subgraph apart.

use std::{borrow::Cow, collections::HashMap};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{EntityEvent, hint::CacheControlExtension, profile::FetchProfile};

/// A GraphQL response, its parts still in JSON.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    errors: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) extensions: Option<Extensions>,
}

/// Extensions that mean something here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Extensions {
    /// How long the answer stays true.
    #[serde(default)]
    pub(super) cache_control: Option<CacheControlExtension>,
    /// What a mutation has changed.
    #[serde(default)]
    pub(super) changed: Option<Vec<EntityEvent>>,
}

impl<'a> Envelope<'a> {
    /// Reads a response; `None` when it is none.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// Its data when it has no errors.
    pub(super) fn data_without_errors(&self) -> Option<&'a str> {
        let has_errors = self.errors.is_some_and(|errors| !matches!(errors.get(), "null" | "[]"));
        if has_errors { None } else { self.data() }
    }

    /// Its data, whatever errors there are beside it.
    pub(super) fn data(&self) -> Option<&'a str> {
        self.data.map(RawValue::get).filter(|data| *data != "null")
    }
}

/// For each batch and each of its representations the JSON that answers it, one for each list.
pub(super) type Parts<'a> = Vec<Vec<Vec<&'a str>>>;

/// Takes `data` apart; `None` when it does not have one item for each of `counts` representations.
pub(super) fn take_apart<'a>(data: &'a str, profile: &FetchProfile, counts: &[usize]) -> Option<Parts<'a>> {
    if profile.batches.is_empty() {
        return Some(vec![vec![vec![data]]]);
    }
    let lists: HashMap<Cow<'a, str>, &'a RawValue> = serde_json::from_str(data).ok()?;
    let mut parts = Vec::with_capacity(counts.len());
    for (outputs, &count) in profile.batches.iter().zip(counts) {
        let mut of_batch: Vec<Vec<&str>> = vec![Vec::with_capacity(outputs.len()); count];
        if count > 0 {
            for output in outputs {
                let items: Vec<&RawValue> = serde_json::from_str(lists.get(&*output.wire)?.get()).ok()?;
                if items.len() != count {
                    return None;
                }
                of_batch.iter_mut().zip(items).for_each(|(parts, item)| parts.push(item.get()));
            }
        }
        parts.push(of_batch);
    }
    Some(parts)
}

/// What is kept of JSON: its bytes alone, so that a small part of a large answer does not keep all of it.
pub(super) fn copied(parts: &[&str]) -> Box<[Bytes]> {
    parts.iter().map(|part| Bytes::copy_from_slice(part.as_bytes())).collect()
}
