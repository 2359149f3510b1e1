//! The storefront and the playground in a real browser.

use std::{path::Path, process::Command};

use crate::support::{Column, PROJECT, Shop, run, test_server};

#[tokio::test]
async fn chromium_buys_in_one_window_and_sees_it_in_the_other_sqlite_embedded_in_process() {
    let test = "chromium_buys_in_one_window_and_sees_it_in_the_other_sqlite_embedded_in_process";
    let Some(chromium) = test_server("TEST_CHROMIUM", test, "apt-get install chromium: /usr/bin/chromium") else {
        return;
    };
    let shop = Shop::own((Column::SqliteEmbeddedInProcess, &[]), test, 120).await.unwrap();
    let mut command = Command::new("node");
    command.current_dir(Path::new(PROJECT).join("frontend-contract")).arg("storefront/e2e/run.mjs");
    command.env("STAFF_TOKEN", shop.staff("catalog:write").token.unwrap());
    command.env("BASE_URL", &shop.url).env("CHROMIUM", chromium).env_remove("SCREENSHOT_DIR").env_remove("E2E_ONLY");
    let (status, said, problems) = tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap();
    println!("{said}");
    assert_eq!(status, Some(0), "{said}{problems}");
}
