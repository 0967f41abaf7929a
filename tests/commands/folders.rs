//! The folders of a report and of a plan's page: what cannot be written there is told before anything is sent.

use std::fs;
use std::os::unix::fs::symlink;

use super::world::{Bakkt, World};

#[test]
fn a_folder_behind_a_link_is_refused_whatever_the_target() {
    let bakkt = Bakkt::start(|_| {});
    for folder in ["report", "plan"] {
        let world = World::of(2);
        fs::create_dir(world.path("elsewhere")).unwrap();
        symlink("../elsewhere", world.path(&format!("acme/{folder}"))).unwrap();
        let command = if folder == "plan" { "plan" } else { "run" };
        let url = bakkt.url();
        for target in [
            "--sandbox",
            "--sandbox --shard 0/2 --registry shards.db",
            &format!("--base-url {url}"),
        ] {
            let registry = target.split(" --registry").next().unwrap();
            let target = if command == "plan" { registry } else { target };
            let yes = if command == "run" { "--yes" } else { "" };
            let said = world.bakkt(&format!("{command} acme {target} {yes}"));
            assert!(
                said.starts_with("exit code 2"),
                "{command} {target}: {said}"
            );
            let link = format!("acme/{folder} is a link");
            assert!(said.contains(&link), "{command} {target}: {said}");
        }
        let left = fs::read_dir(world.path("elsewhere")).unwrap().count();
        assert_eq!(left, 0, "{folder}");
    }
    assert_eq!(bakkt.ledger().accounts, 0);
    // A folder that a person names may lie behind one.
    let world = World::of(2);
    assert!(world.bakkt("run acme --sandbox").starts_with("exit code 0"));
    fs::create_dir(world.path("disk")).unwrap();
    symlink("disk", world.path("mounted")).unwrap();
    let said = world.bakkt("report acme --sandbox --out mounted/report");
    assert!(said.starts_with("exit code 0"), "{said}");
    let said = world.bakkt("report acme --sandbox --out mounted");
    assert!(said.contains("mounted is a link"), "{said}");
}
