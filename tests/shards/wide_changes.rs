//! A change of most accepted accounts stops updates, although each shard has too few of them to notice.

use bakkt_model::shard::shard_of_id;

use super::world::World;

const PHONE: &str = "owners[].phoneNumber: another value";
const WHY: [&str; 3] = ["--update-accepted", "--reason", "corrected"];

/// The export with another phone number of some customers.
fn change(world: &World, is_changed: impl Fn(usize) -> bool) {
    let text = std::fs::read_to_string(world.dir().join("export.csv")).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (number, line) in lines.iter_mut().enumerate().skip(1) {
        if is_changed(number) {
            let other = format!("77555502{:02}", number % 100);
            assert!(line.contains("77555501"), "{line}");
            let at = line.find("77555501").unwrap();
            line.replace_range(at..at + 10, &other);
        }
    }
    world.write("export.csv", &(lines.join("\n") + "\n"));
}

fn open_updates(world: &World) -> u64 {
    (0..3)
        .map(|number| {
            let (totals, _) = world.json("status", &format!("{number}/3"), &[]);
            totals["tasks"]["update"]["open"]
                .as_u64()
                .unwrap_or_default()
        })
        .sum()
}

#[test]
fn a_change_of_most_accounts_is_judged_over_all_shards() {
    let world = World::new(36);
    world.run_all(3);
    change(&world, |_| true);
    let dry = [&WHY[..], &["--dry-run"]].concat();
    let (said, code) = world.said("replan", "all", &dry);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("of all shards together"), "{said}");
    let (said, code) = world.said("replan", "all", &WHY);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("of 36 accepted accounts"), "{said}");
    assert!(said.contains(PHONE), "{said}");
    assert!(said.contains("the plan is as it was"), "{said}");
    assert_eq!(open_updates(&world), 0);
    // One alone is judged by its own numbers.
    let (said, code) = world.said("replan", "0/3", &WHY);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains(PHONE), "{said}");
    assert_eq!(open_updates(&world), 0);
    let named = [&WHY[..], &["--accept-changes", "owners[].phoneNumber"]].concat();
    let (said, code) = world.said("replan", "all", &named);
    assert_eq!(code, 0, "{said}");
    assert_eq!(open_updates(&world), 36);
}

#[test]
fn a_change_of_few_accounts_of_all_shards_stops_none_of_them() {
    let world = World::new(36);
    world.run_all(3);
    // Most of one shard, and few of all.
    let of_first = |number: usize| shard_of_id(&format!("C-{number:04}"), 3) == 0;
    change(&world, of_first);
    let (said, code) = world.said("replan", "all", &WHY);
    assert_eq!(code, 0, "{said}");
    let changed = (1..=36).filter(|number| of_first(*number)).count() as u64;
    assert!(changed < 18, "{changed}");
    assert_eq!(open_updates(&world), changed);
}

#[test]
fn a_value_that_goes_away_in_one_shard_stops_all() {
    let world = World::new(12);
    world.run_all(3);
    let text = std::fs::read_to_string(world.dir().join("export.csv")).unwrap();
    let last = text.lines().last().unwrap();
    let at = last.find("77555501").unwrap();
    let emptied = format!("{}{}", &last[..at], &last[at + 10..]);
    world.write("export.csv", &text.replace(last, &emptied));
    let (said, code) = world.said("replan", "all", &WHY);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("the value is gone"), "{said}");
    // None of them has the new plan.
    let (said, code) = world.said("run", "all/3", &[]);
    assert_eq!(code, 2, "{said}");
}
