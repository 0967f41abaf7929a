//! Every path and file that must not be sent: refused in its own words, planned by no upload, sent by no run, and never
//! waited for. Beside each stands a good document, which goes.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use super::world::{PDF, PNG, World};

/// The manifest's second document is this one, and it is refused for this reason.
fn refused(cell: &str, rest: &str, reason: &str, prepare: impl FnOnce(&World, &Path)) {
    let world = World::new("INDIVIDUAL");
    world.file("good.pdf", PDF);
    let row = format!("{cell},A1,PASSPORT,FRONT,USA,{rest}");
    world.manifest(&["good.pdf,A1,VISA,FRONT,USA,,,,,", &row]);
    prepare(&world, &world.documents());

    let told = world.check();
    assert!(told.contains(&format!("{reason} (line 3)")), "{told}");
    assert!(told.contains("documents.PASSPORT.FRONT"), "{told}");

    let sandbox = world.sandbox();
    let (_, code) = world.run(&sandbox, &[]);
    assert_eq!(code, 0);
    let [good, bad] = &world.planned()[..] else {
        panic!("{:?}", world.planned());
    };
    assert_eq!((good.verdict, good.uuid), (0, true));
    assert_eq!(
        (bad.verdict, bad.uuid, bad.reason.as_str()),
        (1, false, reason)
    );
    assert_eq!(world.tasks(3), [(4, String::new())]);
    assert_eq!(
        world.gaps(),
        [format!("A1 documents.PASSPORT.FRONT {reason} 3")]
    );
    assert_eq!(sandbox.count("documents"), 1);
    assert_eq!(sandbox.count("uploads"), 1);
}

fn nothing(_: &World, _: &Path) {}

#[test]
fn parents() {
    let reason = "invalid: the path leads out of the documents folder by `..`";
    refused("../secret.pdf", ",,,,", reason, |world, _| {
        fs::write(world.dir().join("secret.pdf"), PDF).unwrap();
    });
    refused(
        "sub/../../secret.pdf",
        ",,,,",
        reason,
        |world, documents| {
            fs::create_dir(documents.join("sub")).unwrap();
            fs::write(world.dir().join("secret.pdf"), PDF).unwrap();
        },
    );
}

#[test]
fn an_absolute_path() {
    let reason = "invalid: the path is absolute; paths are below the documents folder";
    refused("/etc/passwd", ",,,,", reason, nothing);
}

#[test]
fn a_link_that_leads_out() {
    let reason = "invalid: a link leads out of the documents folder; an absolute one always does";
    refused("link.pdf", ",,,,", reason, |world, documents| {
        fs::write(world.dir().join("secret.pdf"), PDF).unwrap();
        symlink("../secret.pdf", documents.join("link.pdf")).unwrap();
    });
    refused("up/secret.pdf", ",,,,", reason, |world, documents| {
        fs::write(world.dir().join("secret.pdf"), PDF).unwrap();
        symlink(world.dir(), documents.join("up")).unwrap();
    });
    refused("zero.pdf", ",,,,", reason, |_, documents| {
        symlink("/dev/zero", documents.join("zero.pdf")).unwrap();
    });
}

#[test]
fn a_link_that_stays_inside_is_fine() {
    let world = World::new("INDIVIDUAL");
    world.file("sub/good.pdf", PDF);
    symlink("sub/good.pdf", world.documents().join("link.pdf")).unwrap();
    world.manifest(&["link.pdf,A1,VISA,FRONT,USA,,,,,"]);
    let sandbox = world.sandbox();
    assert_eq!(world.run(&sandbox, &[]).1, 0);
    assert_eq!(sandbox.count("documents"), 1);
    assert_eq!(world.planned()[0].verdict, 0);
}

#[test]
fn links_in_a_circle() {
    refused(
        "a.pdf",
        ",,,,",
        "invalid: links lead in a circle",
        |_, documents| {
            symlink("b.pdf", documents.join("a.pdf")).unwrap();
            symlink("a.pdf", documents.join("b.pdf")).unwrap();
        },
    );
}

#[test]
fn a_device() {
    // Making one takes rights that not everybody has; `documents::root` tests one that is there.
    let probe = tempfile::tempdir().unwrap();
    let mknod = |path: &Path| {
        Command::new("mknod")
            .arg(path)
            .args(["c", "1", "5"])
            .output()
    };
    if !mknod(&probe.path().join("zero")).is_ok_and(|made| made.status.success()) {
        return;
    }
    refused(
        "zero.pdf",
        ",,,,",
        "invalid: it is a device",
        |_, documents| {
            mknod(&documents.join("zero.pdf")).unwrap();
        },
    );
}

#[test]
fn a_named_pipe() {
    refused(
        "pipe.pdf",
        ",,,,",
        "invalid: it is a pipe or a socket",
        |_, documents| {
            let made = Command::new("mkfifo")
                .arg(documents.join("pipe.pdf"))
                .status();
            assert!(made.unwrap().success());
        },
    );
}

#[test]
fn a_folder() {
    refused("sub", ",,,,", "invalid: it is a folder", |_, documents| {
        fs::create_dir(documents.join("sub")).unwrap();
    });
}

#[test]
fn missing_and_unnamed() {
    refused("none.pdf", ",,,,", "missing", nothing);
    refused("", ",,,,", "missing: no file is named", nothing);
}

#[test]
fn empty() {
    refused(
        "empty.pdf",
        ",,,,",
        "invalid: the file is empty",
        |world, _| world.file("empty.pdf", b""),
    );
}

#[test]
fn over_the_limit() {
    refused(
        "large.pdf",
        ",,,,",
        "invalid: the file is larger than `max_bytes`",
        |world, _| {
            let mut content = PDF.to_vec();
            content.resize(1001, b' ');
            world.file("large.pdf", &content);
        },
    );
}

#[test]
fn content_of_another_type_than_its_name() {
    let reason = "invalid: the type that its name claims and its content disagree";
    refused("scan.pdf", ",,,,", reason, |world, _| {
        world.file("scan.pdf", PNG)
    });
}

#[test]
fn content_of_no_type() {
    let reason = "invalid: its content is no image and no PDF";
    refused("page.pdf", ",,,,", reason, |world, _| {
        world.file("page.pdf", b"<html>")
    });
    refused("run.png", ",,,,", reason, |world, _| {
        world.file("run.png", b"#!/bin/sh\n")
    });
}

#[test]
fn expired() {
    refused("scan.png", "01/31/2020,,,,", "expired", |world, _| {
        world.file("scan.png", PNG)
    });
}

#[test]
fn unreadable() {
    let lock = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
    let probe = tempfile::NamedTempFile::new().unwrap();
    lock(probe.path());
    if fs::File::open(probe.path()).is_ok() {
        // The superuser reads everything: then such a file is a document like every other.
        let world = World::new("INDIVIDUAL");
        world.file("locked.pdf", PDF);
        lock(&world.documents().join("locked.pdf"));
        world.manifest(&["locked.pdf,A1,VISA,FRONT,USA,,,,,"]);
        assert!(world.check().contains("1 to send"), "{}", world.check());
        return;
    }
    refused(
        "locked.pdf",
        ",,,,",
        "invalid: the file may not be read",
        |world, documents| {
            world.file("locked.pdf", PDF);
            lock(&documents.join("locked.pdf"));
        },
    );
}
