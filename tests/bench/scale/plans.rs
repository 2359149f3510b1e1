//! How PostgreSQL finds what the operations ask for.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex},
};

use async_graphql::{Request, Variables};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use selvedge_inventory::{
    Config, connect,
    store::{StatementObserver, Store, StoreOptions},
};
use selvedge_kit::{identity::Identity, server::GraphqlExecutor};

use super::{machine, operations::Operation, report};

/// Runs each operation in this process, as a subgraph does, and writes each of its reading statements with its plan.
pub(crate) async fn write(database_url: &str, operations: &[Operation]) {
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let noted = Arc::clone(&asked);
    let observer = StatementObserver(Arc::new(move |statement| noted.lock().unwrap().push(statement.to_string())));
    let options = StoreOptions { observer: Some(observer), ..StoreOptions::new(database_url) };
    let store = Store::open(&options).await.unwrap();
    let connected = connect(&Config::default(), store.clone());
    let mut text = format!("{}\n", machine::describe());
    for operation in operations {
        let scopes = if operation.by_staff { vec!["inventory:read".to_owned()] } else { Vec::new() };
        let identity = Identity { scopes: scopes.into_iter().collect(), ..Identity::default() };
        let variables = Variables::from_json((operation.variables)(1));
        asked.lock().unwrap().clear();
        let response =
            connected.executor.execute(Request::new(operation.text).variables(variables).data(identity)).await;
        assert!(response.errors.is_empty(), "{}: {:?}", operation.name, response.errors);
        let statements = std::mem::take(&mut *asked.lock().unwrap());
        let reads: Vec<String> = statements.into_iter().filter(|it| it.trim_start().starts_with("SELECT")).collect();
        writeln!(text, "\n## {}", operation.name).unwrap();
        for statement in reads {
            writeln!(text, "\n```text\n{}```", plan(&store, &statement).await).unwrap();
        }
    }
    report::save("scale-plans.md", &text);
}

/// The plan without its costs, which are of no unit, with what was read and how long it took.
async fn plan(store: &Store, statement: &str) -> String {
    let explain = format!("EXPLAIN (ANALYZE, COSTS OFF, BUFFERS, SUMMARY OFF) {statement}");
    let rows = store.reader().query_all_raw(Statement::from_string(DbBackend::Postgres, explain)).await.unwrap();
    rows.iter().fold(String::new(), |mut plan, row| {
        let line: String = row.try_get_by_index(0).unwrap();
        writeln!(plan, "{}", shortened(&line)).unwrap();
        plan
    })
}

/// Lists of keys make lines of thousands of characters.
fn shortened(line: &str) -> String {
    const LONGEST: usize = 160;
    if line.chars().count() <= LONGEST {
        line.to_owned()
    } else {
        line.chars().take(LONGEST).chain(" …".chars()).collect()
    }
}
