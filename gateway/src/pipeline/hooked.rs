//! Where hooks stand between the stages.

use http::{HeaderMap, Method};

use super::{Pipeline, Prepared};
use crate::{
    error::{GraphqlError, GraphqlResponse},
    hooks::Refusal,
    request::GraphqlRequest,
    subscribe::Caller,
};

/// Why an operation does not run.
#[derive(Debug, Clone, PartialEq)]
pub enum NotRun {
    /// Its document is not valid.
    Invalid(Vec<GraphqlError>),
    /// A hook does not let it through.
    Refused(Refusal),
}

impl From<Refusal> for NotRun {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<NotRun> for Vec<GraphqlError> {
    fn from(reason: NotRun) -> Self {
        match reason {
            NotRun::Invalid(errors) => errors,
            NotRun::Refused(refusal) => vec![(&refusal).into()],
        }
    }
}

impl Pipeline {
    /// Lets hooks see a verified caller and the head of its request.
    ///
    /// # Errors
    ///
    /// When a hook does not let it through.
    pub async fn identify(&self, caller: &mut Caller, head: (&Method, &HeaderMap)) -> Result<(), Refusal> {
        self.0.extension.hooks.on_identity(caller, head).await
    }

    /// Parses, validates and plans what hooks make of `request`.
    ///
    /// # Errors
    ///
    /// When the document is not valid, or a hook does not let it through.
    pub async fn admit(&self, request: &mut GraphqlRequest, caller: &mut Caller) -> Result<Prepared, NotRun> {
        let hooks = &self.0.extension.hooks;
        hooks.on_request(request, caller).await?;
        let prepared = self.prepare(request).await.map_err(NotRun::Invalid)?;
        hooks.on_prepared(&prepared.known.operation, caller).await?;
        Ok(prepared)
    }

    /// Lets hooks see an operation that is about to run.
    ///
    /// # Errors
    ///
    /// When a hook does not let it through.
    pub async fn before_execute(&self, request: &mut GraphqlRequest, caller: &mut Caller) -> Result<(), Refusal> {
        self.0.extension.hooks.before_execute(request, caller).await
    }

    /// The response to an operation that does not run.
    pub async fn not_run(&self, reason: NotRun, caller: &Caller) -> GraphqlResponse {
        let mut response = GraphqlResponse::from_errors(reason.into());
        self.0.extension.hooks.on_response(&mut response, caller).await;
        response
    }

    /// Lets hooks see a caller whose token came later than the head of its request.
    pub(super) async fn identify_again(&self, caller: &mut Caller) -> Result<(), Refusal> {
        self.0.extension.hooks.on_new_identity(caller).await
    }
}
