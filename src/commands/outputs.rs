//! Which files of a migration no output may touch.
//!
//! Owner of that list: settings, exports, mappings, lists of ids, keys, documents with their manifest, and the state. All
//! commands that write a file which a person names open it through [`protected`].
//! Left out on purpose: how a file is opened and replaced (`output`).

use std::path::Path;

use super::place;
use bakkt_files::output::ProtectedPaths;
use bakkt_folder::migration::inputs;
use bakkt_folder::settings::Settings;

/// The files of a migration, and its state.
pub fn protected(settings: &Settings) -> ProtectedPaths {
    let mut protected = ProtectedPaths::default();
    let dir = &settings.dir;
    protected.add_file(&dir.join("migration.toml"), "its settings");
    for input in inputs::of(settings) {
        let path = dir.join(&input.name);
        match input.kind {
            inputs::InputKind::File if input.name.contains(['*', '?', '[']) && !path.exists() => {
                protected.add_pattern(dir, &input.name, input.what);
                for path in inputs::matching(dir, &input.name) {
                    protected.add_file(&path, input.what);
                }
            }
            inputs::InputKind::File => protected.add_file(&path, input.what),
            inputs::InputKind::Folder => protected.add_folder(&path, input.what),
        }
    }
    add_state(&mut protected, dir);
    protected
}

/// The same without settings: what a folder has by its name.
pub fn protected_folder(dir: &Path) -> ProtectedPaths {
    let mut protected = ProtectedPaths::default();
    add_state(&mut protected, dir);
    protected
}

fn add_state(protected: &mut ProtectedPaths, dir: &Path) {
    protected.set_own(dir);
    protected.add_folder(&dir.join(place::STATE), "its state");
}
