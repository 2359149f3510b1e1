//! A count beside the ledger.

use std::fs;

use tempfile::tempdir;

use crate::support::{run, selvedge};

#[test]
fn a_count_is_compared_and_applied_once() {
    let folder = tempdir().unwrap();
    let say = |arguments: &[&str]| run(selvedge(folder.path()).args(arguments));
    let (status, said, problems) = say(&["seed", "--products", "2"]);
    assert_eq!(status, Some(0), "{said}{problems}");
    let zero = "sku,location,quantity\nSV00000-WHI0-XS,LYS-01,900\nSV00000-WHI0-XS,NOWHERE,1\n";
    fs::write(folder.path().join("counts.csv"), zero).unwrap();

    let (status, said, problems) = say(&["ledger", "reconcile", "counts.csv"]);
    assert_eq!(status, Some(1), "{said}{problems}");
    assert!(said.contains("line 2: SV00000-WHI0-XS at LYS-01: 900 counted"), "{said}{problems}");
    assert!(said.contains("1 differ, 0 adjusted"), "{said}");
    assert!(problems.contains("line 3: there is no location with the code or id `NOWHERE`"), "{problems}");

    let (_, said, problems) = say(&["ledger", "reconcile", "counts.csv", "--apply"]);
    assert!(said.contains("0 differ, 1 adjusted"), "{said}{problems}");
    let (_, said, problems) = say(&["ledger", "reconcile", "counts.csv", "--apply"]);
    assert!(said.contains("1 counts of this content were applied before"), "{said}{problems}");

    fs::write(folder.path().join("counts.csv"), "sku,location,quantity\nSV00000-WHI0-XS,LYS-01,900\n").unwrap();
    let (status, said, problems) = say(&["ledger", "reconcile", "counts.csv"]);
    assert_eq!(status, Some(0), "{said}{problems}");
    let (status, said, problems) = say(&["ledger", "verify"]);
    assert_eq!(status, Some(0), "{said}{problems}");
    let (status, _, problems) = say(&["ledger", "reconcile", "counts.csv", "--counted-at", "2100-01-01T00:00:00Z"]);
    assert_eq!(status, Some(2));
    assert!(problems.contains("is in the future"), "{problems}");
}
