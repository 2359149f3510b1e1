//! Points at which a process is stopped by the database, until it is dead.

use std::collections::BTreeSet;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, FromQueryResult, Statement};

use crate::several::shop::Shop;

/// One per order: its number, the SKU that only this order is of, and the point.
pub(super) struct Traps {
    /// A single session, which holds the lock of each trap that has not been sprung.
    session: DatabaseConnection,
}

/// Who is caught where.
#[derive(Debug, FromQueryResult)]
struct Caught {
    number: i32,
    process: String,
}

const TRIGGERS: &str = "
CREATE TABLE trap (number integer PRIMARY KEY, sku text NOT NULL, point text NOT NULL);
CREATE FUNCTION stop_in_trap() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  here text;
  owner text;
  caught integer;
BEGIN
  IF TG_TABLE_NAME = 'order_line' THEN
    here := 'checkout'; owner := NEW.order_id;
  ELSIF TG_TABLE_NAME = 'order_saga' THEN
    owner := NEW.order_id;
    here := OLD.step || CASE WHEN NEW.step <> OLD.step THEN ' written'
                             WHEN NEW.lease_token > OLD.lease_token THEN ' begun' ELSE ' tried' END;
  ELSIF TG_TABLE_NAME = 'test_payment' THEN
    owner := NEW.order_id;
    here := 'payment ' || CASE WHEN TG_OP = 'INSERT' THEN 'asked' ELSE NEW.state END;
  ELSE
    here := 'refund given';
    SELECT order_id INTO owner FROM test_payment WHERE key = NEW.payment_key;
  END IF;
  SELECT trap.number INTO caught FROM trap JOIN order_line ON order_line.sku = trap.sku
  WHERE order_line.order_id = owner AND trap.point = here;
  IF caught IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(4711, caught);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER trap AFTER INSERT ON order_line FOR EACH ROW EXECUTE FUNCTION stop_in_trap();
CREATE TRIGGER trap AFTER UPDATE ON order_saga FOR EACH ROW EXECUTE FUNCTION stop_in_trap();
CREATE TRIGGER trap AFTER INSERT OR UPDATE ON test_payment FOR EACH ROW EXECUTE FUNCTION stop_in_trap();
CREATE TRIGGER trap AFTER INSERT ON test_refund FOR EACH ROW EXECUTE FUNCTION stop_in_trap();";

const WAITING: &str = "SELECT lock.objid::integer AS number, activity.application_name AS process
    FROM pg_locks AS lock JOIN pg_stat_activity AS activity USING (pid)
    WHERE lock.locktype = 'advisory' AND lock.classid = 4711 AND NOT lock.granted ORDER BY 2, 1";

impl Traps {
    /// SKUs with the points at which who works on their orders is stopped.
    pub(super) async fn set<'a>(shop: &Shop, traps: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut options = ConnectOptions::new(shop.postgres.url());
        options.min_connections(1).max_connections(1);
        let session = Database::connect(options).await.unwrap();
        session.execute_unprepared(TRIGGERS).await.unwrap();
        for (number, (sku, point)) in (0_i32..).zip(traps) {
            let values = [number.into(), sku.into(), point.into()];
            run(&session, "INSERT INTO trap VALUES ($1, $2, $3)", values).await;
            run(&session, "SELECT pg_advisory_lock(4711, $1)", [number.into()]).await;
        }
        Self { session }
    }

    /// A process that is stopped, with the numbers of all traps that it is in.
    pub(super) async fn first_caught(&self) -> Option<(usize, BTreeSet<usize>)> {
        let statement = Statement::from_string(DbBackend::Postgres, WAITING);
        let caught = Caught::find_by_statement(statement).all(&self.session).await.unwrap();
        let first = caught.first()?.process.clone();
        let traps = caught.iter().filter(|one| one.process == first);
        let numbers = traps.map(|one| usize::try_from(one.number).unwrap()).collect();
        let process = (0..super::PROCESSES).find(|which| Shop::name(*which) == first);
        Some((process.expect("only processes of this test are stopped"), numbers))
    }

    /// Takes these traps away; whoever comes next passes.
    pub(super) async fn release(&self, numbers: &BTreeSet<usize>) {
        for number in numbers {
            let number = i32::try_from(*number).unwrap();
            run(&self.session, "DELETE FROM trap WHERE number = $1", [number.into()]).await;
            run(&self.session, "SELECT pg_advisory_unlock(4711, $1)", [number.into()]).await;
        }
    }
}

async fn run<const N: usize>(session: &DatabaseConnection, sql: &str, values: [sea_orm::Value; N]) {
    session.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await.unwrap();
}
