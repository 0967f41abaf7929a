-- Version 6: less for each customer, and what a shard knows of the others. Gaps repeat in patterns, so each set of gaps is kept
-- once; what `status` shows is counted as it changes; and what Bakkt has of an account is kept beside its task only where it is
-- not what the plan has. The rule of version 1 holds: ids and keyed hashes, never a value.

CREATE TABLE gap_set (
  id        INTEGER NOT NULL,          -- above 0: of any number of records; below 0: of record -id alone, as its gaps stand in rows beside its own
  path      INTEGER NOT NULL REFERENCES word,
  reason    INTEGER NOT NULL REFERENCES word,  -- 'missing', 'invalid: …', 'withheld: …'
  level     TEXT NOT NULL,             -- W, H, G, O after [policy]
  status    TEXT NOT NULL,             -- open, waived
  file      INTEGER NOT NULL,          -- where it stands, when not in the record's own row; 0: there
  row       INTEGER NOT NULL,
  opened_at INTEGER NOT NULL,          -- when a plan first had it
  PRIMARY KEY (id, path, reason, file, row)
) WITHOUT ROWID;
ALTER TABLE record ADD COLUMN gap_set INTEGER; -- NULL: it has none

CREATE TEMP TABLE gap_text (record INTEGER PRIMARY KEY, text TEXT NOT NULL, placed INTEGER NOT NULL);
INSERT INTO temp.gap_text
    SELECT record, group_concat(path || ' ' || reason || ' ' || level || ' ' || status || ' ' || opened_at), max(file <> 0 OR row <> 0)
    FROM gap GROUP BY record;
CREATE TEMP TABLE gap_pattern (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, record INTEGER NOT NULL);
INSERT OR IGNORE INTO temp.gap_pattern (text, record) SELECT text, record FROM temp.gap_text WHERE NOT placed ORDER BY record;
UPDATE record SET gap_set = (
    SELECT CASE WHEN t.placed THEN -t.record ELSE (SELECT p.id FROM temp.gap_pattern p WHERE p.text = t.text) END
    FROM temp.gap_text t WHERE t.record = record.id) WHERE id IN (SELECT record FROM temp.gap_text);
INSERT INTO gap_set SELECT p.id, g.path, g.reason, g.level, g.status, g.file, g.row, g.opened_at
    FROM temp.gap_pattern p JOIN gap g ON g.record = p.record;
INSERT INTO gap_set SELECT -g.record, g.path, g.reason, g.level, g.status, g.file, g.row, g.opened_at
    FROM temp.gap_text t JOIN gap g ON g.record = t.record WHERE t.placed;
DROP TABLE temp.gap_text;
DROP TABLE temp.gap_pattern;
DROP TABLE gap;
CREATE VIEW gap AS
    SELECT r.id AS record, s.path, s.reason, s.level, s.status, s.file, s.row, s.opened_at
    FROM record r JOIN gap_set s ON s.id = r.gap_set;

-- Of each mark of a field that no update may change, the first four of eight bytes tell as well.
UPDATE record SET fixed = CAST(substr(fixed, 1, 4) || substr(fixed, 9, 4) || substr(fixed, 17, 4) || substr(fixed, 25, 4)
    || substr(fixed, 33, 4) || substr(fixed, 41, 4) || substr(fixed, 49, 4) || substr(fixed, 57, 4) AS BLOB) WHERE length(fixed) = 64;
UPDATE task SET fixed = CAST(substr(fixed, 1, 4) || substr(fixed, 9, 4) || substr(fixed, 17, 4) || substr(fixed, 25, 4)
    || substr(fixed, 33, 4) || substr(fixed, 41, 4) || substr(fixed, 49, 4) || substr(fixed, 57, 4) AS BLOB) WHERE length(fixed) = 64;

-- What the plan has and Bakkt has is kept once: on a task these are NULL also while its hash is the record's. What owners own
-- is never sent, so that it may change although the hash does not.
UPDATE task SET fixed = NULL, agreements = NULL, owners = CASE WHEN task.owners IS NOT r.owners THEN task.owners END FROM record r
    WHERE r.id = task.record AND task.kind = {kind.account} AND task.state = {state.accepted} AND task.hash IS r.hash;

-- Every index ends with the number of its row, which need not be named; accepted accounts are found by walking the tasks.
DROP INDEX task_account;
DROP INDEX task_unfinished;
CREATE INDEX task_unfinished ON task (state, kind) WHERE state < {state.first_finished};

CREATE TABLE counter (                 -- changed in the transaction of what it counts; a report counts the rows again
  what  INTEGER NOT NULL,              -- schema::counters
  a     INTEGER NOT NULL,
  b     INTEGER NOT NULL,
  c     INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (what, a, b, c)
) WITHOUT ROWID;

ALTER TABLE fingerprint ADD COLUMN state BLOB; -- keyed hash of the state of the file that was hashed; NULL: none, or it had changed only just then

CREATE TABLE other_shard (             -- customers whom a plan sends in another shard, so that ids that change are seen over the whole export
  client_id TEXT PRIMARY KEY,
  record    INTEGER,                   -- as in record.id; NULL: an earlier plan had this id
  person    BLOB                       -- as in record.person
) WITHOUT ROWID;
