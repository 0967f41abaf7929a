//! Files whose header or name is written another way than the manifest, the folder or the program expects.

use super::world::{PDF, PNG, World, account};

#[test]
fn what_can_only_mean_one_file_is_read() {
    let world = World::new("INDIVIDUAL");
    world.file("mark.pdf", b"\xef\xbb\xbf%PDF-1.4 with a byte order mark");
    world.file("lines.pdf", b"\r\n\n  %PDF-1.4 behind line breaks");
    world.file("A1/scan.pdf", PDF);
    world.file("Jose\u{301}.png", PNG);
    world.manifest(&[
        "mark.pdf,A1,VISA,FRONT,USA,,,,,",
        "lines.pdf,A1,VISA,BACK,USA,,,,,",
        "A1\\scan.pdf,A1,PASSPORT,FRONT,USA,,,,,",
        "Jos\u{e9}.png,A1,PASSPORT,BACK,USA,,,,,",
        "\" .\\a1\\SCAN.pdf \",A1,IDENTIFICATION_CARD,FRONT,USA,,,,,",
        "C:\\A1\\scan.pdf,A1,IDENTIFICATION_CARD,BACK,USA,,,,,",
        "..\\export.csv,A1,W_8BEN_FORM,FRONT,USA,,,,,",
    ]);
    let told = world.check();
    assert!(told.contains("5 to send"), "{told}");
    assert!(
        told.contains("the path is absolute; paths are below the documents folder (line 7)"),
        "{told}"
    );
    assert!(
        told.contains("leads out of the documents folder by `..` (line 8)"),
        "{told}"
    );
    let sandbox = world.sandbox();
    world.run(&sandbox, &[]);
    assert_eq!(sandbox.count("documents"), 5);
}

#[test]
fn a_folder_may_have_its_letters_taken_apart() {
    let world = World::new("INDIVIDUAL");
    world.accounts(&[account("Zo\u{eb}")]);
    world.settings("[documents]\nroot = \"documents\"\npattern = \"p\u{e9}/{clientAccountId}_{documentType}.*\"\n");
    world.file("pe\u{301}/Zoe\u{308}_VISA.png", PNG);
    assert!(world.check().contains("1 to send"), "{}", world.check());
    let sandbox = world.sandbox();
    world.run(&sandbox, &[]);
    assert_eq!(sandbox.count("documents"), 1);
}

#[test]
fn accepted_types_are_a_setting() {
    let world = World::new("INDIVIDUAL");
    world.file("a.tif", b"II*\0 a picture");
    world.file("b.gif", b"GIF89a a picture");
    world.file("c.pdf", PDF);
    world.manifest(&[
        "a.tif,A1,VISA,FRONT,USA,,,,,",
        "b.gif,A1,VISA,BACK,USA,,,,,",
        "c.pdf,A1,PASSPORT,FRONT,USA,,,,,",
    ]);
    let told = world.check();
    assert!(told.contains("2 to send"), "{told}");
    assert!(
        told.contains(
            "its content is TIFF, which `accept` under [documents] does not name (line 2)"
        ),
        "{told}"
    );
    let with = |accept: &str| {
        world.settings(&format!(
            "[documents]\nroot = \"documents\"\naccept = {accept}\nmanifest = \"documents.csv\"\nmapping = \"documents.toml\"\n"
        ));
        world.check()
    };
    let told = with("[\"TIFF\", \"pdf\"]");
    assert!(
        told.contains("2 to send") && told.contains("its content is GIF"),
        "{told}"
    );
    let told = with("[\"PDF\", \"WEBP\"]");
    assert!(
        told.contains("`WEBP` is not a type of content that can be accepted")
            && told.contains("HEIC"),
        "{told}"
    );
    assert!(with("[]").contains("names no type"), "{told}");
}
