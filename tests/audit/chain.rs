//! What somebody has to do who alters a journal and knows how it is made. The hashes are computed from docs/audit.md, and share no
//! code with the program.

use data_encoding::HEXLOWER;
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

pub fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// Does something while nothing is append only, and puts the triggers back.
pub fn without_triggers(db: &Connection, change: impl FnOnce(&Connection)) {
    let mut statement = db
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    let triggers: Vec<(String, String)> = rows.collect::<Result<_, _>>().unwrap();
    drop(statement);
    for (name, _) in &triggers {
        db.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    change(db);
    for (_, sql) in &triggers {
        db.execute_batch(sql).unwrap();
    }
}

fn hash(before: &[u8], id: i64, at: i64, kind: &str, body: &str) -> Vec<u8> {
    let text = format!(
        "bakkt-migrate entry 1\n{}\n{id}\n{at}\n{kind}\n{body}",
        HEXLOWER.encode(before)
    );
    Sha256::digest(text.as_bytes()).to_vec()
}

/// Computes the whole chain anew, numbers too.
pub fn again(db: &Connection) {
    let mut statement = db
        .prepare("SELECT id, at, kind, body FROM entry ORDER BY id")
        .unwrap();
    let rows = statement
        .query_map([], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .unwrap();
    let entries: Vec<(i64, i64, String, String)> = rows.collect::<Result<_, _>>().unwrap();
    drop(statement);
    let mut before = vec![0; 32];
    for (place, (id, at, kind, body)) in entries.iter().enumerate() {
        let number = place as i64 + 1;
        let made = hash(&before, number, *at, kind, body);
        db.execute(
            "UPDATE entry SET id = ?2, before = ?3, hash = ?4 WHERE id = ?1",
            params![id, number, before, made],
        )
        .unwrap();
        before = made;
    }
}

/// Forges the last checkpoint so that it saw a table as it is now, and computes the chain anew.
pub fn forge_checkpoint(db: &Connection, sheet: &str) {
    let mut hashes = Vec::new();
    let columns = "id, at, action, target, reason, count, by";
    let mut statement = db
        .prepare(&format!("SELECT {columns} FROM operator_log ORDER BY id"))
        .unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let line = serde_json::json!([
            row.get::<_, i64>(0).unwrap(),
            row.get::<_, i64>(1).unwrap(),
            row.get::<_, String>(2).unwrap(),
            row.get::<_, String>(3).unwrap(),
            row.get::<_, Option<String>>(4).unwrap(),
            row.get::<_, i64>(5).unwrap(),
            row.get::<_, Option<String>>(6).unwrap(),
        ]);
        hashes.extend_from_slice(&Sha256::digest(line.to_string().as_bytes())[..16]);
    }
    drop(rows);
    drop(statement);
    let count = hashes.len() / 16;
    let mut root = Sha256::new();
    root.update(format!("bakkt-migrate rows 1\n{count}\n").as_bytes());
    root.update(&hashes);
    let root = HEXLOWER.encode(&root.finalize());
    let (id, body): (i64, String) = db
        .query_row(
            "SELECT id, body FROM entry WHERE kind = 'checkpoint' ORDER BY id DESC LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    let mut body: serde_json::Value = serde_json::from_str(&body).unwrap();
    body["sheets"][sheet]["root"] = root.into();
    without_triggers(db, |db| {
        db.execute(
            "UPDATE entry SET body = ?2 WHERE id = ?1",
            params![id, body.to_string()],
        )
        .unwrap();
        db.execute(
            "UPDATE checkpoint_row SET hashes = ?2 WHERE sheet = ?1",
            params![sheet, hashes],
        )
        .unwrap();
        again(db);
    });
}

/// Takes sheets out of the last checkpoint, as a program wrote it that did not know them, and computes the chain anew.
pub fn checkpoint_without(db: &Connection, sheets: &[&str]) {
    let (id, body): (i64, String) = db
        .query_row(
            "SELECT id, body FROM entry WHERE kind = 'checkpoint' ORDER BY id DESC LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    let mut body: serde_json::Value = serde_json::from_str(&body).unwrap();
    let known = body["sheets"].as_object_mut().unwrap();
    for sheet in sheets {
        assert!(known.remove(*sheet).is_some(), "{sheet}");
    }
    without_triggers(db, |db| {
        db.execute(
            "UPDATE entry SET body = ?2 WHERE id = ?1",
            params![id, body.to_string()],
        )
        .unwrap();
        again(db);
    });
}

/// Appends a run that began, as the program does.
pub fn begin_run(db: &Connection) {
    let (id, before): (i64, Vec<u8>) = db
        .query_row(
            "SELECT id, hash FROM entry ORDER BY id DESC LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    let at = 1_800_000_000_000_i64;
    db.execute("INSERT INTO run (at) VALUES (?)", [at]).unwrap();
    let run = db.last_insert_rowid();
    let target: String = db
        .query_row("SELECT value FROM meta WHERE key = 'target'", [], |row| {
            row.get(0)
        })
        .unwrap();
    let dialect: String = db
        .query_row("SELECT value FROM meta WHERE key = 'dialect'", [], |row| {
            row.get(0)
        })
        .unwrap();
    let body = serde_json::json!({"dialect": dialect, "run": run, "target": target}).to_string();
    let made = hash(&before, id + 1, at, "run", &body);
    db.execute(
        "INSERT INTO entry (id, at, kind, body, before, hash) VALUES (?, ?, 'run', ?, ?, ?)",
        params![id + 1, at, body, before, made],
    )
    .unwrap();
}
