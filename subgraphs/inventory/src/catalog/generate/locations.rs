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

/// Warehouses first: what ships is reserved there before a store is asked.
pub(super) fn locations() -> Vec<LocationDraft> {
    PLACES
        .iter()
        .zip(1..)
        .map(|(&(code, name, kind, city, country_code), priority)| LocationDraft {
            code: code.to_owned(),
            name: name.to_owned(),
            kind,
            city: city.to_owned(),
            country_code: country_code.to_owned(),
            priority: priority * 10,
        })
        .collect()
}
