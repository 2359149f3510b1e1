//! Composition of subgraph schemas into one supergraph.

use federation_composition::{CompositionResult, ServiceDefinition, compose_services, graphql_core};

use super::{fed_by, places::Places};

/// One subgraph's schema, as it exports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubgraphSdl {
    /// The name, unique among those composed together.
    pub name: String,
    /// Where it is served.
    pub url: String,
    /// The schema with its federation directives.
    pub sdl: String,
}

/// Turns subgraph schemas into one supergraph.
pub trait Composer {
    /// Composes subgraphs into a supergraph SDL in the Apollo join form.
    ///
    /// # Errors
    ///
    /// When a subgraph is not valid on its own, or they contradict each other.
    fn compose(&self, subgraphs: &[SubgraphSdl]) -> Result<String, CompositionError>;
}

/// One reason why subgraphs do not compose; the message names type, field and subgraphs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompositionProblem {
    /// Federation's code, such as `FIELD_TYPE_MISMATCH`, or one of ours, such as `FED_BY_SNAPSHOT_UNKNOWN`.
    pub code: Option<String>,
    /// What contradicts what.
    pub message: String,
}

/// Why subgraphs do not compose.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompositionError {
    /// A subgraph's text is not GraphQL.
    #[error("the schema of subgraph `{subgraph}` is not GraphQL: {reason}")]
    Parse {
        /// The subgraph's name.
        subgraph: String,
        /// What the parser says.
        reason: String,
    },
    /// The subgraphs contradict each other or the rules of federation.
    #[error("the subgraphs do not compose: {}", list(.problems))]
    Problems {
        /// All reasons, in the composer's order; at least one.
        problems: Vec<CompositionProblem>,
    },
}

fn list(problems: &[CompositionProblem]) -> String {
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| match &problem.code {
            Some(code) => format!("{code}: {}", problem.message),
            None => problem.message.clone(),
        })
        .collect();
    lines.join("; ")
}

/// The composer of the `federation-composition` crate.
#[derive(Debug, Clone, Copy, Default)]
pub struct GuildComposer;

impl Composer for GuildComposer {
    fn compose(&self, subgraphs: &[SubgraphSdl]) -> Result<String, CompositionError> {
        let services = subgraphs.iter().map(service).collect::<Result<Vec<_>, _>>()?;
        let problem = |code: Option<&str>, message: &str| CompositionProblem {
            code: code.map(str::to_owned),
            message: Places::of(subgraphs).complete(message),
        };
        let problems = match compose_services(&services) {
            Ok(CompositionResult::Success(success)) => {
                let found = fed_by::problems(success.supergraph_sdl());
                if found.is_empty() {
                    return Ok(success.supergraph_sdl().to_owned());
                }
                let read = |it: fed_by::FedByProblem| CompositionProblem {
                    code: Some(it.code.to_owned()),
                    message: it.message,
                };
                found.into_iter().map(read).collect()
            }
            Ok(CompositionResult::Failure(failure)) => {
                failure.errors().iter().map(|error| problem(error.code(), &error.message)).collect()
            }
            Err(error) => vec![problem(error.code(), &error.to_string())],
        };
        Err(CompositionError::Problems { problems })
    }
}

fn service(subgraph: &SubgraphSdl) -> Result<ServiceDefinition, CompositionError> {
    let document = graphql_core::parse(&subgraph.sdl)
        .map_err(|error| CompositionError::Parse { subgraph: subgraph.name.clone(), reason: error.to_string() })?;
    Ok(ServiceDefinition::new(subgraph.name.as_str(), document).with_url(subgraph.url.as_str()))
}

/// Composes subgraphs into a supergraph SDL in the Apollo join form, with the default [`Composer`].
///
/// # Errors
///
/// When a subgraph is not valid on its own, or they contradict each other.
pub fn compose(subgraphs: &[SubgraphSdl]) -> Result<String, CompositionError> {
    GuildComposer.compose(subgraphs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subgraph(name: &str, sdl: &str) -> SubgraphSdl {
        SubgraphSdl { name: name.to_owned(), url: format!("http://{name}"), sdl: sdl.to_owned() }
    }

    #[test]
    fn errors_name_field_and_types() {
        let error =
            compose(&[subgraph("a", "type Query { price: Int }"), subgraph("b", "type Query { price: String }")])
                .unwrap_err();
        let text = error.to_string();
        assert!(text.contains("FIELD_TYPE_MISMATCH") && text.contains("Query.price"), "{text}");
        assert!(text.contains('a') && text.contains('b'), "{text}");
    }

    #[test]
    fn a_syntax_error_names_its_subgraph() {
        let error = compose(&[subgraph("a", "type Query {")]).unwrap_err();
        assert!(error.to_string().starts_with("the schema of subgraph `a` is not GraphQL"), "{error}");
    }
}
