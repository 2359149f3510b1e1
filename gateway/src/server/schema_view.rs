//! What operators are told about the schema.

use serde_json::{Value, json};

use crate::{pipeline::Pipeline, reload::SchemaStatus};

/// What is served, and where it comes from.
#[derive(Clone)]
pub(super) struct SchemaView {
    pub(super) pipeline: Pipeline,
    /// Absent when the schema was given and is not followed.
    pub(super) source: Option<SchemaStatus>,
}

impl SchemaView {
    pub(super) fn report(&self) -> Value {
        let schema = self.pipeline.schema();
        let subgraph = |(name, url): (&str, &str)| json!({ "name": name, "url": url });
        json!({
            "version": schema.version(),
            "loadedAt": self.pipeline.loaded_at(),
            "subgraphs": schema.subgraphs().map(subgraph).collect::<Vec<_>>(),
            "replacedInUse": self.pipeline.replaced_in_use(),
            "source": self.source.as_ref().map(SchemaStatus::report),
        })
    }
}
