//! Which recorded operations a schema does not serve, or serves otherwise than before.

use std::fmt;

use super::{RecordedOperation, RecordedOperations, change::changes};
use crate::{
    error::GraphqlError,
    parse::{Limits, parse},
    plan::prepare,
    schema::ServedSchema,
};

/// What is recorded has been accepted once; only what a schema can serve is asked here.
const NO_LIMITS: Limits = Limits {
    max_tokens: usize::MAX,
    max_depth: usize::MAX,
    max_aliases: usize::MAX,
    max_root_fields: usize::MAX,
    max_fields: usize::MAX,
    max_deferred_parts: usize::MAX,
    introspection: true,
};

/// A recorded operation that would not work any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenOperation {
    /// Its file, or its name and id in a manifest.
    pub origin: String,
    /// What is wrong, with line and column of the document: `3:5: Cannot query field …`.
    pub problems: Vec<String>,
}

impl fmt::Display for BrokenOperation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.origin, self.problems.join("; "))
    }
}

impl RecordedOperations {
    /// The operations that `schema` cannot serve.
    #[must_use]
    pub fn broken(&self, schema: &ServedSchema) -> Vec<BrokenOperation> {
        self.find(|operation| problems(schema, operation))
    }

    /// The operations that `before` serves and `after` does not, or answers in a form that their clients do not expect.
    #[must_use]
    pub fn broken_by_change(&self, before: &ServedSchema, after: &ServedSchema) -> Vec<BrokenOperation> {
        self.find(|operation| {
            let after_problems = problems(after, operation);
            if after_problems.is_empty() {
                // What only one of the two serves has been told already, or is new.
                return if problems(before, operation).is_empty() {
                    changes(before, after, &operation.document)
                } else {
                    Vec::new()
                };
            }
            if problems(before, operation).is_empty() { after_problems } else { Vec::new() }
        })
    }

    fn find(&self, problems: impl Fn(&RecordedOperation) -> Vec<String>) -> Vec<BrokenOperation> {
        let check = |operation: &RecordedOperation| {
            let problems = problems(operation);
            (!problems.is_empty()).then(|| BrokenOperation { origin: operation.origin.clone(), problems })
        };
        self.0.iter().filter_map(check).collect()
    }
}

fn problems(schema: &ServedSchema, operation: &RecordedOperation) -> Vec<String> {
    if let Some(missing) = &operation.missing_fragment {
        return vec![format!("fragment `{missing}` is in no file")];
    }
    let document = match parse(&operation.document, &NO_LIMITS) {
        Ok(document) => document,
        Err(errors) => return errors.iter().map(line).collect(),
    };
    let names: Vec<Option<&str>> = document.operations().map(|it| it.name.map(|name| name.text)).collect();
    let several = names.len() > 1;
    let errors = names.iter().filter_map(|name| {
        let name = name.filter(|_| several);
        prepare(schema, &operation.document, name, &NO_LIMITS).err()
    });
    // Validation is of the document, so each of its operations repeats the same errors.
    let mut problems: Vec<String> = Vec::new();
    for problem in errors.flatten().map(|error| line(&error)) {
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    problems
}

fn line(error: &GraphqlError) -> String {
    match error.locations.first() {
        Some(place) => format!("{}:{}: {}", place.line, place.column, error.message),
        None => error.message.clone(),
    }
}
