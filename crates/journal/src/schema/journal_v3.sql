-- Version 3: what comes after acceptance. The rule of version 1 holds: no customer value; a filled workbook is a file of
-- its own (0600, below `layers`), and the journal knows its fingerprint, its rows and what they did.

ALTER TABLE gap ADD COLUMN opened_at INTEGER NOT NULL DEFAULT 0;  -- when a plan first had it

CREATE TABLE closed_gap (              -- append only: was open once, and is not now
  id        INTEGER PRIMARY KEY,
  client_id TEXT NOT NULL,
  path      INTEGER NOT NULL REFERENCES word,
  reason    INTEGER NOT NULL REFERENCES word,
  level     TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  closed_at INTEGER NOT NULL,
  layer     INTEGER NOT NULL,          -- the file that closed it; 0: a new plan of a changed export, mapping or policy
  row       INTEGER NOT NULL           -- its row in that file; 0 without one
);
CREATE INDEX closed_gap_client ON closed_gap (client_id);

CREATE TABLE waiver (                  -- a gap that a person has let go; gap.status is 'waived' while it stands
  client_id TEXT NOT NULL,
  path      INTEGER NOT NULL REFERENCES word,
  by        TEXT NOT NULL,             -- who
  reason    TEXT NOT NULL,
  at        INTEGER NOT NULL,
  PRIMARY KEY (client_id, path)
) WITHOUT ROWID;

CREATE TABLE layer (                   -- a taken backfill file, laid over the exports in the order of its number
  id      INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  name    TEXT NOT NULL,               -- as it was called when it was taken
  kept    TEXT NOT NULL,               -- its name below `layers`
  hash    BLOB NOT NULL,               -- keyed, of its bytes
  form    TEXT NOT NULL,               -- 'fields': its columns are contract paths; 'export': those of the accounts' export
  sheet   TEXT,                        -- of a workbook: the sheet that is read; NULL: its first
  rows    INTEGER NOT NULL,            -- rows read
  changed INTEGER NOT NULL,            -- accounts whose payload it changed
  reason  TEXT                         -- why it was taken, in the operator's words
);
CREATE TABLE layer_row (               -- rows of it that were not taken, or not wholly; all others were
  layer     INTEGER NOT NULL,
  row       INTEGER NOT NULL,
  path      INTEGER NOT NULL REFERENCES word, -- the field; '' for the whole row
  outcome   INTEGER NOT NULL REFERENCES word, -- 'restricted', 'unknown account', 'not sent', 'broken row', …
  client_id TEXT,                      -- when the plan knows it
  PRIMARY KEY (layer, row, path)
) WITHOUT ROWID;

CREATE TABLE layer_element (           -- of whom its rows speak, where that is a row of an export: its order may change
  layer INTEGER NOT NULL,
  row   INTEGER NOT NULL,
  list  INTEGER NOT NULL,              -- 1 owner, 2 trusted contact
  place INTEGER NOT NULL,              -- the index in the column's name
  id    BLOB,                          -- keyed hash of its own id; NULL without one
  named BLOB,                          -- keyed hash of names and birth date; NULL without them
  PRIMARY KEY (layer, row, list, place)
) WITHOUT ROWID;

CREATE TABLE sent_update (             -- append only: updates that Bakkt accepted; their tasks make room for later ones
  id        INTEGER PRIMARY KEY,
  client_id TEXT NOT NULL,
  at        INTEGER NOT NULL,
  hash      BLOB NOT NULL              -- keyed hash of what was sent
);

CREATE TABLE person (                  -- what a person decided about a customer; planning follows it
  client_id TEXT PRIMARY KEY,
  action    TEXT NOT NULL,             -- 'exclude', or 'take': of several rows with this id, this one
  file      TEXT NOT NULL DEFAULT '',  -- of 'take': the file and the line of the row
  row       INTEGER NOT NULL DEFAULT 0,
  reason    TEXT NOT NULL,
  by        TEXT NOT NULL,
  at        INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE verification (            -- what Bakkt had when an account was last read back
  task      INTEGER PRIMARY KEY,       -- its account task (kind 0 or 2)
  pass      INTEGER NOT NULL,          -- meta 'verify_pass' counts them; those of the last pass that are missing are still to come
  at        INTEGER NOT NULL,
  result    INTEGER NOT NULL,          -- journal::verification: 0 same, 1 different, 2 unknown to Bakkt, 3 not comparable
  status    TEXT,                      -- as Bakkt named it
  mode      TEXT,                      -- as Bakkt named it
  can_trade INTEGER,                   -- canTradeCrypto; NULL: not told
  hash      BLOB,                      -- keyed hash of what it was compared with
  documents INTEGER NOT NULL DEFAULT 0, -- documents that were looked at
  content   INTEGER NOT NULL DEFAULT 0, -- of those, downloaded and hashed
  reason    INTEGER REFERENCES word    -- why it could not be compared with what was sent
);
CREATE TABLE difference (              -- of the last time: paths and words, never values
  task     INTEGER NOT NULL,
  document TEXT NOT NULL,              -- clientDocumentId; '' for the account
  path     INTEGER NOT NULL REFERENCES word,
  kind     INTEGER NOT NULL REFERENCES word,  -- missing, different, unknown, content differs, …
  PRIMARY KEY (task, document, path, kind)
) WITHOUT ROWID;

CREATE TABLE link (                    -- verification links that were fetched; never the link itself
  task        INTEGER PRIMARY KEY,     -- the account task
  at          INTEGER NOT NULL,        -- last fetched
  expires_at  INTEGER NOT NULL,
  expirations INTEGER NOT NULL,        -- links that ran out before this one; three are allowed
  hash        BLOB NOT NULL            -- keyed hash of the link, to tell a new one from the same
);

-- A mark for each field that no update may change (contract::changes), keyed and of this customer alone.
ALTER TABLE record ADD COLUMN fixed BLOB; -- as the plan has them; NULL: not sent, or planned before version 3
ALTER TABLE task ADD COLUMN fixed BLOB;   -- as Bakkt has them; NULL: not known

CREATE INDEX former_client ON former (client_id);
CREATE TABLE known_file (              -- documents that a plan has read to their end, so that the next need not
  state BLOB PRIMARY KEY,              -- keyed hash of what tells one state of one file from every other
  hash  BLOB NOT NULL,                 -- hash of its content, sealed
  used  INTEGER NOT NULL               -- 1: by the plan that is being made
) WITHOUT ROWID;

CREATE INDEX task_account ON task (kind, state) WHERE kind IN ({kind.any_account});

ALTER TABLE operator_log ADD COLUMN by TEXT;  -- who
CREATE TRIGGER operator_log_stays BEFORE UPDATE ON operator_log BEGIN SELECT RAISE(ABORT, 'the operator log is append only'); END;
CREATE TRIGGER operator_log_keeps BEFORE DELETE ON operator_log BEGIN SELECT RAISE(ABORT, 'the operator log is append only'); END;
CREATE TRIGGER closed_gap_stays BEFORE UPDATE ON closed_gap BEGIN SELECT RAISE(ABORT, 'the gap history is append only'); END;
CREATE TRIGGER closed_gap_keeps BEFORE DELETE ON closed_gap BEGIN SELECT RAISE(ABORT, 'the gap history is append only'); END;
