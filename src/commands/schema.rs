//! `schema`: the JSON Schema of a file that people write.

use super::Output;
use crate::cli::{SchemaArgs, SchemaOf};
use bakkt_folder::schema;

/// Runs it.
pub fn run(args: &SchemaArgs) -> anyhow::Result<Output> {
    let schema = match args.of {
        SchemaOf::Migration => schema::settings::schema(),
        SchemaOf::Mapping => schema::mapping::schema(),
        SchemaOf::Documents => schema::mapping::documents(),
    };
    Ok(Output {
        text: serde_json::to_string_pretty(&schema)?,
        code: 0,
    })
}
