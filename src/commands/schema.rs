//! `schema`: the JSON Schema of a file that people write.

use super::CommandOutput;
use crate::cli::{SchemaArgs, SchemaOf};
use bakkt_folder::schema;

/// Prints a JSON Schema.
pub fn run(args: &SchemaArgs) -> anyhow::Result<CommandOutput> {
    let schema = match args.of {
        SchemaOf::Migration => schema::settings::schema(),
        SchemaOf::Mapping => schema::mapping::schema(),
        SchemaOf::Documents => schema::mapping::documents(),
    };
    Ok(CommandOutput {
        text: serde_json::to_string_pretty(&schema)?,
        code: 0,
    })
}
