//! Heads that were kept outside of the journal, in whatever file of ours they stand.

use bakkt_journal::chain::ChainHead;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A head that is kept outside of its journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptHead {
    /// Number and hash of the last entry.
    #[serde(flatten)]
    pub head: ChainHead,
    /// The shard whose journal it is of, such as `0/2`; none of a migration without shards, and in files of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
}

/// The heads in the text of a head's file, of a manifest, or of several of them line by line: those that were kept together, which
/// of a merged report are one of each shard.
pub fn heads_in(text: &str) -> Vec<Vec<KeptHead>> {
    let together = |value: Value| {
        let mut heads = Vec::new();
        collect(&value, &mut heads);
        (!heads.is_empty()).then_some(heads)
    };
    match serde_json::from_str::<Value>(text) {
        Ok(value) => together(value).into_iter().collect(),
        Err(_) => text
            .lines()
            .filter_map(|line| together(serde_json::from_str(line).ok()?))
            .collect(),
    }
}

fn collect(value: &Value, heads: &mut Vec<KeptHead>) {
    let (entry, hash) = (value["entry"].as_u64(), value["hash"].as_str());
    if let (Some(entry), Some(hash)) = (entry, hash)
        && hash.len() == 64
        && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    {
        heads.push(KeptHead {
            head: ChainHead {
                entry,
                hash: hash.to_ascii_lowercase(),
            },
            shard: value["shard"].as_str().map(str::to_owned),
        });
        return;
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, heads)),
        Value::Object(fields) => fields.values().for_each(|item| collect(item, heads)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::heads_in;

    #[test]
    fn heads_are_found_in_files_of_one_and_of_several() {
        let hash = "ab".repeat(32);
        let one = format!(r#"{{"name":"x","head":{{"entry":7,"hash":"{hash}"}}}}"#);
        assert_eq!(heads_in(&one)[0][0].head.entry, 7);
        assert_eq!(heads_in(&format!("{one}\n{one}\n")).len(), 2);
        let head = format!(r#"{{"entry":7,"hash":"{hash}"}}"#);
        let merged = format!(r#"{{"heads":[{head},{head}]}}"#);
        assert_eq!(heads_in(&merged)[0].len(), 2);
        assert!(heads_in("nothing").is_empty());
        assert!(heads_in(r#"{"entry":7,"hash":"ab"}"#).is_empty());
    }
}
