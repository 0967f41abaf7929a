-- Version 9: whose gaps are whose. `owners[1]` is a place, and where owners or contacts are rows of an export, another person may stand
-- there tomorrow. The rule of version 1 holds: keyed marks of one customer alone, never a value.

CREATE TABLE gap_element (             -- who stands in a place, where it is a row of an export and has gaps that block nobody
  record INTEGER NOT NULL,
  list   INTEGER NOT NULL,             -- 1 owner, 2 trusted contact
  place  INTEGER NOT NULL,             -- the index in paths
  mark   BLOB NOT NULL,                -- eight bytes of the own id, eight of names and birth date; zeros: not known
  PRIMARY KEY (record, list, place)
) WITHOUT ROWID;

CREATE TABLE waiver_element (          -- whose gap was waived, where that stands in such a row; of other waivers there is none
  client_id TEXT NOT NULL,
  path      INTEGER NOT NULL REFERENCES word, -- as in waiver
  mark      BLOB NOT NULL,             -- as in gap_element
  PRIMARY KEY (client_id, path)
) WITHOUT ROWID;

-- Less for each customer. Checkpoints see the whole of `record` and `document` from here on; what an earlier one saw is not compared
-- with it, because this version is an entry of its own.

-- What a new task does not have stands at the end, where SQLite keeps nothing of it (SQLITE_ENABLE_NULL_TRIM); before, each of these
-- columns took a byte.
CREATE TABLE task_v9 (
  id         INTEGER PRIMARY KEY,
  record     INTEGER NOT NULL,         -- of kinds 2, 5, 6: -id
  kind       INTEGER NOT NULL,         -- 0 account, 1 update, 2 former account, 3 document, 4 KYB, 5 former document, 6 former KYB
  state      INTEGER NOT NULL,         -- 0 open, 1 held, 2 sending, 3 in doubt, 4 accepted, 5 refused, 6 gave up
  attempts   INTEGER NOT NULL DEFAULT 0,
  existed    INTEGER NOT NULL DEFAULT 0, -- 1 existed before this migration, equal; 2 existed, different; 3 existed, overwritten (update)
  document   INTEGER NOT NULL DEFAULT 0, -- kind 3: which one
  first_at   INTEGER,                  -- intent of the first attempt
  last_at    INTEGER,                  -- last change of state
  hash       BLOB,                     -- keyed hash of what was sent last, or of an equal account that was found
  bakkt_id   TEXT,
  status     TEXT,                     -- as Bakkt named it
  created_at TEXT,                     -- as Bakkt stated it
  code       INTEGER REFERENCES word,  -- refusal, hold or give-up: code
  field      INTEGER REFERENCES word,
  message    INTEGER REFERENCES word,  -- masked
  fixed      BLOB,                     -- as Bakkt has them, where that is not what the plan has, as the next two
  agreements BLOB,
  owners     BLOB
);
INSERT INTO task_v9 SELECT id, record, kind, state, attempts, existed, document, first_at, last_at, CAST(substr(hash, 1, 16) AS BLOB), bakkt_id, status, created_at,
    code, field, message, fixed, agreements, owners FROM task ORDER BY id;
DROP TABLE task;
ALTER TABLE task_v9 RENAME TO task;
CREATE UNIQUE INDEX task_record ON task (record, kind, document);
CREATE INDEX task_unfinished ON task (state, kind) WHERE state < {state.first_finished};

-- Of the keyed hash of what is sent, the first 16 of 32 bytes tell as well.
UPDATE record SET hash = CAST(substr(hash, 1, 16) AS BLOB) WHERE hash IS NOT NULL;
UPDATE document SET hash = CAST(substr(hash, 1, 16) AS BLOB) WHERE hash IS NOT NULL;
UPDATE attempt SET hash = CAST(substr(hash, 1, 16) AS BLOB);
UPDATE sent_update SET hash = CAST(substr(hash, 1, 16) AS BLOB);
UPDATE verification SET hash = CAST(substr(hash, 1, 16) AS BLOB) WHERE hash IS NOT NULL;

-- The lines of files are made of the rows of tables, by which they are found.
DELETE FROM checkpoint_row WHERE sheet NOT LIKE 'table %';
