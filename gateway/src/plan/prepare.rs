//! The one entry of planning.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use graphql_tools::static_graphql::query::Document;

use super::{
    conditions::{ConditionVariable, Conditions, condition_variables, drawn_labels, without_draw},
    depend::link,
    federate::federate,
    lay_out::lay_out,
    live::LiveDirective,
    node::Plan,
    partition::{selection_set, without_defer},
    planner_document::{PlannerOperation, planner_operation},
    share::mark_sharing,
    text::plan_text,
};
use crate::{
    error::{GraphqlError, code},
    operation::OperationKind,
    parse::{Document as ParsedDocument, Limits, ast, check_limits, parse},
    project::{Program, Projection, Source},
    schema::{ServedSchema, TypeNames},
    validate::{VariableDefinition, select_operation, validate},
    value::{Keys, Shapes},
};

/// One operation, validated and planned; does not depend on variables, so it can be cached by its text and name.
#[derive(Debug, Clone)]
pub struct PreparedOperation {
    variables: Vec<VariableDefinition>,
    planned: Arc<Planned>,
}

/// What texts that mean the same share.
#[derive(Debug)]
struct Planned {
    kind: OperationKind,
    plan: Plan,
    keys: Keys,
    shapes: Shapes,
    projection: Projection,
    program: Program,
    types: Arc<TypeNames>,
    live: Option<LiveDirective>,
    /// How long the longest response was.
    response_bytes: AtomicUsize,
}

impl PreparedOperation {
    /// The same operation in another text, where its variables are defined at these lines and columns.
    #[must_use]
    pub fn at(&self, variable_positions: &[(usize, usize)]) -> Self {
        let mut moved = self.clone();
        for (variable, &position) in moved.variables.iter_mut().zip(variable_positions) {
            variable.position = position;
        }
        moved
    }

    /// Whether it reads, changes or subscribes.
    #[must_use]
    pub fn kind(&self) -> OperationKind {
        self.planned.kind
    }

    /// The plan for people.
    #[must_use]
    pub fn plan_text(&self) -> String {
        plan_text(&self.planned.plan, &self.planned.keys, &self.planned.types)
    }

    /// How many subgraph requests it makes at most, an upstream subscription included.
    #[must_use]
    pub fn fetch_count(&self) -> usize {
        self.planned.plan.steps.len() + if self.planned.plan.subscription.is_some() { 1 } else { 0 }
    }

    /// Whether it may be answered in parts.
    #[must_use]
    pub fn has_defer(&self) -> bool {
        !self.planned.projection.defers.is_empty()
    }

    /// The variables that it defines.
    #[must_use]
    pub fn variables(&self) -> &[VariableDefinition] {
        &self.variables
    }

    pub(super) fn live_directive(&self) -> Option<&LiveDirective> {
        self.planned.live.as_ref()
    }

    /// The plan as data.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.planned.plan
    }

    /// The response keys of the plan.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.planned.keys
    }

    /// The shapes of the answers.
    #[must_use]
    pub fn shapes(&self) -> &Shapes {
        &self.planned.shapes
    }

    /// The client's selection.
    #[must_use]
    pub fn projection(&self) -> &Projection {
        &self.planned.projection
    }

    /// The client's selection, compiled for the tree of the answers.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.planned.program
    }

    /// How long a response may become, in bytes.
    #[must_use]
    pub fn response_bytes_hint(&self) -> usize {
        self.planned.response_bytes.load(Ordering::Relaxed)
    }

    /// Notes how long a response was.
    pub fn note_response_bytes(&self, bytes: usize) {
        if bytes > self.response_bytes_hint() {
            self.planned.response_bytes.store(bytes, Ordering::Relaxed);
        }
    }
}

/// What there is to know of an operation before its variables are.
#[derive(Debug)]
pub enum Preparation {
    /// It is the same whatever its variables are.
    Planned(Box<PreparedOperation>),
    /// What it selects depends on these variables: [`prepare_for`] plans it for their values.
    Conditional(Vec<ConditionVariable>),
}

/// Parses, validates and plans one operation of a document, if it can be planned before its variables are known.
///
/// # Errors
///
/// What to tell the client, when the document is not valid or over a limit.
pub fn prepare_text(
    schema: &ServedSchema,
    query: &str,
    operation_name: Option<&str>,
    limits: &Limits,
) -> Result<Preparation, Vec<GraphqlError>> {
    let document = checked(schema, query, limits)?;
    let operation = select_operation(&document, operation_name)?;
    let mut conditions = condition_variables(&document, operation);
    conditions.extend(drawn_labels(&document, schema.federation()));
    if !conditions.is_empty() {
        return Ok(Preparation::Conditional(conditions));
    }
    planned((schema, limits), (&document, query), operation, None)
        .map(|operation| Preparation::Planned(Box::new(operation)))
}

/// Parses, validates and plans one operation of a document, for one set of values of the variables that decide what it
/// selects.
///
/// # Errors
///
/// As [`prepare_text`].
pub fn prepare_for(
    schema: &ServedSchema,
    (query, operation_name): (&str, Option<&str>),
    conditions: &Conditions,
    limits: &Limits,
) -> Result<PreparedOperation, Vec<GraphqlError>> {
    let document = checked(schema, query, limits)?;
    let operation = select_operation(&document, operation_name)?;
    planned((schema, limits), (&document, query), operation, Some(conditions))
}

/// Parses, validates and plans one operation of a document for all values of its variables; conditions stay in the plan.
///
/// # Errors
///
/// As [`prepare_text`].
pub fn prepare(
    schema: &ServedSchema,
    query: &str,
    operation_name: Option<&str>,
    limits: &Limits,
) -> Result<PreparedOperation, Vec<GraphqlError>> {
    let document = checked(schema, query, limits)?;
    let operation = select_operation(&document, operation_name)?;
    planned((schema, limits), (&document, query), operation, None)
}

/// A document that is valid and within the limits.
fn checked<'q>(
    schema: &ServedSchema,
    query: &'q str,
    limits: &Limits,
) -> Result<ParsedDocument<'q>, Vec<GraphqlError>> {
    let document = parse(query, limits)?;
    check_limits(&document, limits)?;
    // Who may not read the schema is not told its names either.
    validate(schema.api(), &document, limits.introspection)?;
    Ok(document)
}

fn planned(
    (schema, limits): (&ServedSchema, &Limits),
    (document, query): (&ParsedDocument<'_>, &str),
    operation: &ast::OperationDefinition<'_>,
    conditions: Option<&Conditions>,
) -> Result<PreparedOperation, Vec<GraphqlError>> {
    let kind = operation.kind;
    let PlannerOperation { document, variables } = planner_operation(schema, document, operation, conditions);
    let mut keys = Keys::default();
    let root_type = schema.api().root_type(kind).unwrap_or_default();
    let set = document.definitions.first().map(selection_set).ok_or_else(not_planned)?;
    let projection = Projection::compile(schema, &document, (root_type, set), &mut keys)
        .map_err(|error| vec![GraphqlError::new(code::VALIDATION_FAILED, error.to_string())])?;
    if projection.defers.len() > limits.max_deferred_parts {
        let message = format!("The operation has more than {} `@defer`s.", limits.max_deferred_parts);
        return Err(vec![GraphqlError::new(code::VALIDATION_FAILED, message)]);
    }
    let mut shapes = Shapes::default();
    let mut plan = if needs_subgraphs(&projection) {
        let labels = schema.federation().labels();
        let active = conditions.map_or_else(|| without_draw(labels), |conditions| conditions.active(labels));
        plan((schema, &active), &document, kind, (&mut keys, &mut shapes)).map_err(|reason| {
            tracing::error!(%reason, query, "an operation could not be planned");
            not_planned()
        })?
    } else {
        Plan::default()
    };
    link(&mut plan);
    mark_sharing(&mut plan);
    let (layouts, root) = lay_out(&mut plan, &mut shapes);
    let program = Program::compile(&projection, schema.types(), (&layouts, root));
    let planned = Planned {
        kind,
        plan,
        keys,
        shapes,
        projection,
        program,
        types: schema.shared_types(),
        live: LiveDirective::of(operation).filter(|_| kind == OperationKind::Query),
        response_bytes: AtomicUsize::new(0),
    };
    Ok(PreparedOperation { variables, planned: Arc::new(planned) })
}

fn not_planned() -> Vec<GraphqlError> {
    vec![GraphqlError::new(code::INTERNAL_SERVER_ERROR, "The operation could not be planned.")]
}

fn needs_subgraphs(projection: &Projection) -> bool {
    projection.selections.get(projection.root).iter().any(|field| field.source == Source::Tree)
}

fn plan(
    (schema, active): (&ServedSchema, &[bool]),
    document: &Document,
    kind: OperationKind,
    (keys, shapes): (&mut Keys, &mut Shapes),
) -> Result<Plan, String> {
    // It knows nothing of what is deferred: the whole is planned, and the plan is cut when it runs.
    let document = without_defer(document);
    federate((schema.federation(), schema.types(), active), &document, kind, (keys, shapes))
}
