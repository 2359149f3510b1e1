//! How long after its end a hold is sellable again, while others go on buying.

use std::time::Duration;

use sea_orm::sqlx;
use selvedge_inventory::command::run_expirer;
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Wanted,
    ours::{Ours, shopper},
    report::Report,
};

/// Clients on the hot SKU and on the cold ones.
const CLIENTS: [(Wanted, usize); 2] = [(Wanted::Hot, 32), (Wanted::Cold, 32)];
/// The shortest hold there is.
const TTL_SECONDS: i32 = 10;
/// Every tenth of the holds is a short one: about as many end as a flash sale loses to carts that are left.
const SHORT_EVERY: usize = 10;
/// Long enough for the holds of all but the last ten seconds to end under load.
const LOAD: Duration = Duration::from_secs(25);
/// As configured by default.
const LOOKS_EVERY: Duration = Duration::from_millis(250);
const SCENARIO: &str = "holds that end under load, 64 clients";

/// From the end of the hold, by the database's clock, to the commit that gave the pieces back.
const LATE_MS: &str = "SELECT (1000 * extract(epoch FROM pg_xact_commit_timestamp(xmin) - expires_at))::float8
    FROM reservation WHERE status = 'EXPIRED' ORDER BY 1";

pub(crate) async fn measure(report: &mut Report, ours: &Ours) {
    let shutdown = CancellationToken::new();
    let expirer = tokio::spawn(run_expirer(ours.warehouse.commands.clone(), LOOKS_EVERY, shutdown.clone()));
    let end = Instant::now() + LOAD;
    let mut asking = JoinSet::new();
    for (wanted, clients) in CLIENTS {
        for _ in 0..clients {
            asking.spawn(buy(ours.clone(), wanted, end));
        }
    }
    let reserved: usize = asking.join_all().await.into_iter().sum();
    shutdown.cancel();
    expirer.await.unwrap();
    let pool = ours.warehouse.store.reader().connection().get_postgres_connection_pool();
    let late_ms: Vec<f64> = sqlx::query_scalar(LATE_MS).fetch_all(pool).await.unwrap();
    let number = u32::try_from(late_ms.len()).unwrap();
    assert!(number > 100, "{number} holds have ended");
    let at = |per_mille: usize| late_ms[(late_ms.len() - 1) * per_mille / 1000];
    let seconds = LOAD.as_secs_f64();
    report.add(
        (SCENARIO, "reservations a second meanwhile", "1/s"),
        f64::from(u32::try_from(reserved).unwrap()) / seconds,
        None,
    );
    report.add((SCENARIO, "holds ended", ""), f64::from(number), None);
    for (figure, per_mille) in [
        ("due to sellable, median", 500),
        ("due to sellable, 99th percentile", 990),
        ("due to sellable, at most", 1_000),
    ] {
        report.add((SCENARIO, figure, "ms"), at(per_mille), None);
    }
}

/// Buys until `end`; gives how many.
async fn buy(ours: Ours, wanted: Wanted, end: Instant) -> usize {
    let (caller, mut number) = (shopper(), 0);
    while Instant::now() < end {
        let ttl_seconds = if number % SHORT_EVERY == 0 { TTL_SECONDS } else { 86_400 };
        let input = ours.input(wanted.choose(), ttl_seconds);
        let answer = ours.warehouse.commands.reserve(&caller, &input, &Uuid::now_v7().to_string()).await;
        answer.unwrap().unwrap();
        number += 1;
    }
    number
}
