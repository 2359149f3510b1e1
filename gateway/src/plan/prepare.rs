//! The one entry of planning.

use crate::{
    error::{GraphqlError, code},
    operation::OperationKind,
    parse::Limits,
    schema::ServedSchema,
};

/// One operation, validated and planned; does not depend on variables, so it can be cached by its text and name.
pub struct PreparedOperation {
    kind: OperationKind,
}

impl PreparedOperation {
    /// Whether it reads, changes or subscribes.
    #[must_use]
    pub const fn kind(&self) -> OperationKind {
        self.kind
    }

    /// The plan for people.
    #[must_use]
    pub fn plan_text(&self) -> String {
        String::new()
    }

    /// How many subgraph requests it makes at most.
    #[must_use]
    pub const fn fetch_count(&self) -> usize {
        0
    }
}

/// Parses, validates and plans one operation of a document.
///
/// # Errors
///
/// What to tell the client, when the document is not valid or over a limit.
pub fn prepare(
    _schema: &ServedSchema,
    _query: &str,
    _operation_name: Option<&str>,
    _limits: &Limits,
) -> Result<PreparedOperation, Vec<GraphqlError>> {
    Err(vec![GraphqlError::new(code::INTERNAL_SERVER_ERROR, "planning is not built yet")])
}
