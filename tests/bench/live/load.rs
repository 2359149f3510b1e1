//! The load generators, as processes of this same program.

use std::{net::SocketAddr, process::Stdio};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use super::orders::{Change, Closed, Counted, Group, Order, Report};

/// What the command line says to such a process.
pub(crate) const ROLE: &str = "--generator";

/// A load generator; it ends with the value.
pub(crate) struct Load {
    process: Child,
    orders: ChildStdin,
    reports: Lines<BufReader<ChildStdout>>,
}

impl Load {
    /// It runs where this process runs.
    pub(crate) fn start() -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(ROLE).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().unwrap();
        let orders = process.stdin.take().unwrap();
        let reports = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, orders, reports }
    }

    pub(crate) fn process(&self) -> u32 {
        self.process.id().unwrap()
    }

    /// Opens sockets; in how many milliseconds they had what came at first, and how much of it did not come.
    pub(crate) async fn open(
        &mut self,
        address: SocketAddr,
        (skus, identity): (&[String], &str),
        groups: Vec<Group>,
    ) -> Result<(u64, u64), String> {
        let init = serde_json::json!({ "identity": identity });
        match self.ask(&Order::Open { address, init, skus: skus.to_vec(), groups }).await {
            Report::Opened { within_ms, without_first } => Ok((within_ms, without_first)),
            Report::Failed { reason } => Err(reason),
            other => panic!("{other:?}"),
        }
    }

    /// Those who stall stop reading.
    pub(crate) async fn stall(&mut self) {
        self.ask(&Order::Stall).await;
    }

    pub(crate) async fn begin(&mut self) {
        self.ask(&Order::Begin).await;
    }

    pub(crate) async fn stop(&mut self) {
        self.ask(&Order::Stop).await;
    }

    pub(crate) async fn end(&mut self, changes: &[Change], available: &[i64]) -> Counted {
        let order = Order::End { changes: changes.to_vec(), available: available.to_vec() };
        match self.ask(&order).await {
            Report::Counted(counted) => counted,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn close(&mut self) -> Closed {
        match self.ask(&Order::Close).await {
            Report::Closed(closed) => closed,
            other => panic!("{other:?}"),
        }
    }

    async fn ask(&mut self, order: &Order) -> Report {
        let line = serde_json::to_string(order).unwrap() + "\n";
        self.orders.write_all(line.as_bytes()).await.unwrap();
        let report = self.reports.next_line().await.unwrap().expect("the generator ended");
        serde_json::from_str(&report).unwrap()
    }
}
