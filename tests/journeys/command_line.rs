//! The command line, and what it says to people who mistype.

use std::net::TcpListener;

use tempfile::{TempDir, tempdir};

use crate::support::{run, selvedge};

struct Said {
    status: Option<i32>,
    out: String,
    problems: String,
}

fn say(folder: &TempDir, environment: &[(&str, &str)], arguments: &[&str]) -> Said {
    let mut command = selvedge(folder.path());
    let (status, out, problems) = run(command.envs(environment.iter().copied()).args(arguments));
    Said { status, out, problems }
}

#[test]
fn a_wrong_key_is_named_with_the_nearest_right_one() {
    let folder = tempdir().unwrap();
    std::fs::write(folder.path().join("selvedge.yaml"), "server:\n  lisen: 127.0.0.1:1\n").unwrap();
    for arguments in [&["check-config", "selvedge.yaml"][..], &["up", "--ephemeral"]] {
        let said = say(&folder, &[("SELVEDGE_MODE", "development")], arguments);
        assert_eq!(said.status, Some(2));
        let expected =
            "error: selvedge.yaml: unknown configuration key `server.lisen`; did you mean `server.listen`?\n";
        assert_eq!(said.problems, expected);
    }
}

#[test]
fn a_wrong_value_and_a_wrong_variable_are_named() {
    let folder = tempdir().unwrap();
    std::fs::write(folder.path().join("selvedge.yaml"), "inventory:\n  low_stock_threshold: many\n").unwrap();
    let said = say(&folder, &[("SELVEDGE_MODE", "development")], &["check-config"]);
    assert_eq!(said.status, Some(2));
    assert!(said.problems.contains("inventory.low_stock_threshold"), "{}", said.problems);
    let variable = [("SELVEDGE_MODE", "development"), ("SELVEDGE_SERVER__LISEN", "x")];
    let said = say(&tempdir().unwrap(), &variable, &["check-config"]);
    assert_eq!(said.status, Some(2));
    assert!(said.problems.contains("SELVEDGE_SERVER__LISEN"), "{}", said.problems);
    assert!(said.problems.contains("`server.listen`"), "{}", said.problems);
}

#[test]
fn a_port_in_use_is_named_with_the_key_that_changes_it() {
    let folder = tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let up = ["up", "--ephemeral", "--sample-products", "0", "--admin", "127.0.0.1:0", "--listen", &address];
    let said = say(&folder, &[], &up);
    assert_eq!(said.status, Some(1));
    assert!(said.problems.contains(&format!("cannot listen on {address}")), "{}", said.problems);
    assert!(said.problems.contains("`--listen` or the key `server.listen`"), "{}", said.problems);
    // An ephemeral shop that did not start leaves nothing behind either.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

    let subgraph = ["subgraph", "inventory", "--data", "data", "--listen", &address];
    let said = say(&folder, &[("SELVEDGE_MODE", "development")], &subgraph);
    assert_eq!(said.status, Some(1));
    assert!(said.problems.contains(&format!("cannot listen on {address}")), "{}", said.problems);
}

#[test]
fn an_unknown_subgraph_gets_the_nearest_name() {
    let said = say(&tempdir().unwrap(), &[], &["subgraph", "invntory"]);
    assert_eq!(said.status, Some(2));
    assert!(said.problems.contains("similar value exists: 'inventory'"), "{}", said.problems);
}

#[test]
fn tokens_are_for_development_alone() {
    let folder = tempdir().unwrap();
    let secret = "0123456789012345678901234567890123456789";
    let production =
        [("SELVEDGE_MODE", "production"), ("SELVEDGE_IDENTITY_SECRET", secret), ("SELVEDGE_JWT_SECRET", secret)];
    let said = say(&folder, &production, &["token", "--sub", "ada"]);
    assert_eq!((said.status, &*said.out), (Some(2), ""));
    assert!(said.problems.contains("development"), "{}", said.problems);
    let said = say(&folder, &[], &["token", "--sub", "ada", "--scope", "inventory:write"]);
    assert_eq!(said.status, Some(0));
    assert_eq!(said.out.trim().split('.').count(), 3, "{}", said.out);
}

#[test]
fn production_wants_its_secrets() {
    let said = say(&tempdir().unwrap(), &[], &["subgraph", "inventory"]);
    assert_eq!(said.status, Some(2));
    assert!(said.problems.contains("SELVEDGE_IDENTITY_SECRET"), "{}", said.problems);
}

#[test]
fn help_names_every_command() {
    let said = say(&tempdir().unwrap(), &[], &["--help"]);
    assert_eq!(said.status, Some(0));
    for command in [
        "up",
        "gateway",
        "subgraph",
        "compose",
        "seed",
        "import",
        "token",
        "ledger",
        "events",
        "check-config",
        "config-schema",
    ] {
        assert!(said.out.contains(&format!("  {command} ")), "{command}: {}", said.out);
    }
}

#[test]
fn the_schema_of_the_configuration_is_json() {
    let said = say(&tempdir().unwrap(), &[], &["config-schema"]);
    let schema: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert!(schema["properties"]["inventory"]["properties"]["database_url"].is_object());
}
