-- Version 1 of the journal. No customer value is ever stored here (invariant 8): ids that we or Bakkt
-- chose, positions, codes and keyed hashes only. Times are UTC milliseconds since 1970.

CREATE TABLE meta (                    -- one row per fact of the migration itself
  key   TEXT PRIMARY KEY,              -- target, dialect, as_of, mapper, plan ('planning' | 'planned'), planned_at, blank_lines, …
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE fingerprint (             -- what changes payloads or verdicts (invariant 9)
  name TEXT PRIMARY KEY,               -- 'export export.csv', 'mapping mapping.toml', 'policy', …
  hash BLOB NOT NULL                   -- keyed
) WITHOUT ROWID;

CREATE TABLE file (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL                   -- relative to the migration folder
);

CREATE TABLE word (                    -- the texts that repeat: paths, reasons, codes
  id   INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
);

CREATE TABLE policy (                  -- what [policy] moved, so that a report can repeat it
  path   TEXT PRIMARY KEY,
  level  TEXT NOT NULL,
  reason TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE record (
  id        INTEGER PRIMARY KEY,       -- 1, 2, 3 … in the order of the export
  file      INTEGER NOT NULL,
  row       INTEGER NOT NULL,          -- the line where the row starts; the header is line 1
  offset    INTEGER NOT NULL,          -- byte offset of the row in the file
  length    INTEGER NOT NULL,          -- bytes up to the next row
  client_id TEXT,                      -- clientAccountId; NULL when missing or unfit to be kept
  verdict   INTEGER NOT NULL,          -- 0 ready, 1 grace, 2 blocked, 3 excluded, 4 duplicate
  reason    INTEGER REFERENCES word,   -- of excluded and duplicate
  hash      BLOB,                      -- keyed hash of the payload; NULL when none can be sent
  gaps      INTEGER NOT NULL           -- number of gaps
);
CREATE INDEX record_client ON record (client_id);

CREATE TABLE gap (
  record INTEGER NOT NULL,
  path   INTEGER NOT NULL REFERENCES word,
  reason INTEGER NOT NULL REFERENCES word,  -- 'missing', 'invalid: …', 'withheld: …'
  level  TEXT NOT NULL,                -- W, H, G, O after [policy]
  status TEXT NOT NULL,                -- open
  PRIMARY KEY (record, path, reason)
) WITHOUT ROWID;

CREATE TABLE task (
  id         INTEGER PRIMARY KEY,
  record     INTEGER NOT NULL,
  kind       INTEGER NOT NULL,         -- 0 account (create), 1 update, 2 account that the plan no longer sends
  state      INTEGER NOT NULL,         -- 0 open, 1 held, 2 sending, 3 in doubt, 4 accepted, 5 refused, 6 gave up
  attempts   INTEGER NOT NULL DEFAULT 0,
  first_at   INTEGER,                  -- intent of the first attempt
  last_at    INTEGER,                  -- last change of state
  hash       BLOB,                     -- keyed hash of what was sent last, or of an equal account that was found
  bakkt_id   TEXT,
  status     TEXT,                     -- as Bakkt named it
  created_at TEXT,                     -- as Bakkt stated it
  existed    INTEGER NOT NULL DEFAULT 0, -- 1 existed before this migration, equal; 2 existed, different; 3 existed, overwritten (update)
  code       INTEGER REFERENCES word,  -- refusal, hold or give-up: code
  field      INTEGER REFERENCES word,
  message    INTEGER REFERENCES word   -- masked
);
CREATE UNIQUE INDEX task_record ON task (record, kind);
CREATE INDEX task_unfinished ON task (state, id) WHERE state < {state.first_finished};

CREATE TABLE former (                  -- accepted, and no longer sent by the plan (task kind 2)
  task      INTEGER PRIMARY KEY,
  client_id TEXT NOT NULL
);

CREATE TABLE attempt (                 -- one row per time that a task was sent
  task    INTEGER NOT NULL,
  number  INTEGER NOT NULL,            -- 1, 2, 3 …
  at      INTEGER NOT NULL,            -- the intent
  ended   INTEGER,                     -- NULL: nobody knows
  answer  INTEGER REFERENCES word,     -- '200', '422', 'timeout', 'reset', …
  outcome INTEGER REFERENCES word,     -- accepted, refused, not taken, not sent, in doubt
  hash    BLOB NOT NULL,               -- keyed hash of the payload that was sent
  PRIMARY KEY (task, number)
) WITHOUT ROWID;

CREATE TABLE run (                     -- every start of the program that could send
  id      INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  ended   INTEGER,                     -- NULL: killed
  outcome TEXT
);

CREATE TABLE operator_log (            -- what a person decided: append only
  id     INTEGER PRIMARY KEY,
  at     INTEGER NOT NULL,
  action TEXT NOT NULL,                -- retry, replan, …
  target TEXT NOT NULL,                -- what it was for: ids, a code, all
  reason TEXT,
  count  INTEGER NOT NULL
);
