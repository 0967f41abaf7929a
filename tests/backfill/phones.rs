//! Phone numbers without a country code are of the country that the customer lives in.

use serde_json::{Value, json};

use super::world::{THREE, World, export};

const PHONE: &str = "/owners/0/phoneNumber";

/// Customers in London, without phones.
fn in_london(ids: &[&str]) -> World {
    let emails: Vec<String> = ids
        .iter()
        .map(|id| format!("{}@example.com", id.to_lowercase()))
        .collect();
    let customers: Vec<_> = ids
        .iter()
        .zip(&emails)
        .map(|(id, email)| (*id, email.as_str(), ""))
        .collect();
    let world = World::new(&customers);
    let text = export(&customers).replace("Reno,NV,89501,US", "London,,NW1 4RY,GB");
    world.write("export.csv", &text);
    world.run();
    world
}

#[test]
fn a_number_of_somebody_abroad_is_no_number_of_the_us() {
    let world = in_london(&["A-1", "A-2", "A-3", "A-4"]);
    // The first one lost its zero, and may be one of Maine.
    let text = "clientAccountId,owners[0].phoneNumber\nA-1,2079460123\nA-2,020 7946 0124\nA-3,(775) 555-0100\nA-4,+1 775 555 0101\n";
    let (said, code) = world.backfill("phones.csv", text);
    assert_eq!(code, 3, "{said}");
    let left = &said["left"];
    assert_eq!(left.as_array().map(Vec::len), Some(1), "{said}");
    assert!(
        left[0]["outcome"]
            .as_str()
            .is_some_and(|why| why.contains("needs its country code")),
        "{said}"
    );
    world.run();
    let held = |id: &str| world.value(id, PHONE);
    assert_eq!(held("A-1"), Value::Null);
    assert_eq!(held("A-2"), json!("+442079460124"));
    assert_eq!(held("A-3"), json!("+17755550100"));
    assert_eq!(held("A-4"), json!("+17755550101"));
}

#[test]
fn a_country_of_the_same_row_says_where_a_number_is_from() {
    let world = World::sent(&THREE[..1]);
    let home = "owners[0].identity.personalAddress";
    let text = format!(
        "clientAccountId,owners[0].phoneNumber,{home}.country,{home}.city,{home}.state,{home}.postalCode\nA-1,020 7946 0124,GBR,London,London,NW1 4RY\n"
    );
    let (said, _) = world.backfill("moved.csv", &text);
    assert_eq!(said["does"]["updates"], 1, "{said}");
    world.run();
    assert_eq!(world.value("A-1", PHONE), json!("+442079460124"));
}
