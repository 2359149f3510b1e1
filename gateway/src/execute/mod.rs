//! Walks a plan: fetches from subgraphs, joins what they answer, and projects the response.

mod context;
mod deferred;
mod entities;
mod errors;
mod graph;
mod kept;
mod position;
mod representation;
mod request;
mod run;
mod subscription;

pub use context::ExecuteContext;
pub use deferred::{AnswerPart, execute_in_parts};
pub use graph::Graph;
pub use kept::KeptAnswers;
pub use run::execute;
pub use subscription::{execute_event, subscription_request};
