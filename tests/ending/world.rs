//! A migration whose ids look like numbers and telephone numbers, and what stands in its state folder.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

pub use crate::backfill::world::{Customer, World};
use crate::support::json_of;

/// Customers: one complete, one without a telephone number, one who is blocked, one whose id begins with zeros.
pub const CUSTOMERS: [Customer<'static>; 4] = [
    ("00700-A", "a1@example.com", ""),
    ("B-2", "a2@example.com", "7755550101"),
    ("C-3", "", "7755550102"),
    ("D-4", "a4@example.com", "7755550104"),
];

/// The state folder.
pub fn state(world: &World) -> PathBuf {
    world.path(".bakkt-migrate")
}

/// Every file below a folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(files_below(&path)),
            false => files.push(path),
        }
    }
    files
}

/// Files below a folder that hold a text, as it is, in UTF-16, or packed in a workbook.
pub fn holding(folder: &Path, text: &str) -> Vec<PathBuf> {
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut files = files_below(folder);
    files.retain(|path| {
        // What a command that goes on has just deleted holds nothing.
        let bytes = fs::read(path).unwrap_or_default();
        let has = |bytes: &[u8], text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
        has(&bytes, text.as_bytes()) || has(&bytes, &wide) || has(&unpacked(path), text.as_bytes())
    });
    files
}

/// The members of a workbook, one behind the other; of anything else nothing.
pub fn unpacked(path: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    let Some(mut archive) = fs::File::open(path)
        .ok()
        .and_then(|file| zip::ZipArchive::new(file).ok())
    else {
        return all;
    };
    for place in 0..archive.len() {
        archive
            .by_index(place)
            .unwrap()
            .read_to_end(&mut all)
            .unwrap();
    }
    all
}

/// What a command says on both streams, and its exit code.
pub fn said(command: &mut std::process::Command) -> (String, i32) {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        String::from_utf8(text).unwrap(),
        output.status.code().unwrap_or(-1),
    )
}

/// A command of the program that names no target.
pub fn local(world: &World, command: &str, more: &[&str]) -> std::process::Command {
    let mut program = crate::support::program();
    program.arg(command).arg(world.dir()).args(more);
    program
}

/// The rows of a CSV file of the report, as maps.
pub fn rows(world: &World, name: &str) -> Vec<std::collections::BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(world.path("report").join(name)).unwrap();
    reader.deserialize().map(|row| row.unwrap()).collect()
}

/// What `status` counts.
pub fn status(world: &World) -> serde_json::Value {
    json_of(local(world, "status", &[]).arg("--json")).0
}
