//! The warehouses and stores of the sample shop.

use crate::catalog::draft::{LocationDraft, LocationKind};

const PLACES: &[(&str, &str, LocationKind, &str, &str)] = &[
    ("RTM-W1", "Rotterdam Fulfilment", LocationKind::Warehouse, "Rotterdam", "NL"),
    ("LEJ-W1", "Leipzig Fulfilment", LocationKind::Warehouse, "Leipzig", "DE"),
    ("OPO-W1", "Porto Workshop", LocationKind::Warehouse, "Porto", "PT"),
    ("AMS-01", "Haarlemmerstraat", LocationKind::Store, "Amsterdam", "NL"),
    ("ANR-01", "Kammenstraat", LocationKind::Store, "Antwerp", "BE"),
    ("BCN-01", "El Born", LocationKind::Store, "Barcelona", "ES"),
    ("BER-01", "Alte Schönhauser", LocationKind::Store, "Berlin", "DE"),
    ("BER-02", "Bikini Berlin", LocationKind::Store, "Berlin", "DE"),
    ("CPH-01", "Elmegade", LocationKind::Store, "Copenhagen", "DK"),
    ("DUB-01", "South William Street", LocationKind::Store, "Dublin", "IE"),
    ("EDI-01", "Stockbridge", LocationKind::Store, "Edinburgh", "GB"),
    ("GOT-01", "Magasinsgatan", LocationKind::Store, "Gothenburg", "SE"),
    ("HAM-01", "Schanze", LocationKind::Store, "Hamburg", "DE"),
    ("HEL-01", "Punavuori", LocationKind::Store, "Helsinki", "FI"),
    ("LIS-01", "Príncipe Real", LocationKind::Store, "Lisbon", "PT"),
    ("LON-01", "Lamb's Conduit Street", LocationKind::Store, "London", "GB"),
    ("LON-02", "Redchurch Street", LocationKind::Store, "London", "GB"),
    ("LYS-01", "Croix-Rousse", LocationKind::Store, "Lyon", "FR"),
    ("MIL-01", "Isola", LocationKind::Store, "Milan", "IT"),
    ("MUC-01", "Gärtnerplatz", LocationKind::Store, "Munich", "DE"),
    ("OSL-01", "Grünerløkka", LocationKind::Store, "Oslo", "NO"),
    ("PAR-01", "Le Marais", LocationKind::Store, "Paris", "FR"),
    ("PAR-02", "Canal Saint-Martin", LocationKind::Store, "Paris", "FR"),
    ("STO-01", "Södermalm", LocationKind::Store, "Stockholm", "SE"),
    ("VIE-01", "Neubau", LocationKind::Store, "Vienna", "AT"),
    ("ZRH-01", "Kreis 5", LocationKind::Store, "Zurich", "CH"),
];

/// How many have a name of their own.
pub(super) const NAMED: u32 = 26;
const _: () = assert!(PLACES.len() == NAMED as usize);

/// `count` locations, at least the named ones. Warehouses first: what ships is reserved there before a store is asked.
/// Further stores are in the same cities, numbered on from `03`.
pub(super) fn locations(count: u32) -> Vec<LocationDraft> {
    let named = PLACES.iter().map(|&(code, name, kind, city, country_code)| LocationDraft {
        code: code.to_owned(),
        name: name.to_owned(),
        kind,
        city: city.to_owned(),
        country_code: country_code.to_owned(),
        priority: 0,
    });
    // One store of each city.
    let cities = PLACES.iter().filter(|(code, ..)| code.ends_with("-01"));
    let further = (3_u32..).flat_map(|number| {
        cities.clone().map(move |&(code, _, kind, city, country_code)| LocationDraft {
            code: format!("{}-{number:02}", code.trim_end_matches("-01")),
            name: format!("{city} {number}"),
            kind,
            city: city.to_owned(),
            country_code: country_code.to_owned(),
            priority: 0,
        })
    });
    let further = further.take(count.saturating_sub(NAMED) as usize);
    named.chain(further).zip(1..).map(|(place, number)| LocationDraft { priority: number * 10, ..place }).collect()
}
