//! Walks a plan: fetches from subgraphs, joins what they answer, and projects the response.
mod run;

pub use run::{ExecuteContext, execute, execute_event, subscription_request};
