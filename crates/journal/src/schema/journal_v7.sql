-- Version 7: fiat custody. The rule of version 1 holds: no customer value, so no account number, e-mail address or session; of
-- what was made Bakkt's uuids.

CREATE TABLE custody_task (
  id         INTEGER PRIMARY KEY,
  client_id  TEXT NOT NULL,            -- a task is its customer's, whatever number the record has
  record     INTEGER,                  -- in the plan; NULL: the plan has it no longer
  kind       INTEGER NOT NULL,         -- custody: 0 user, 1 bank account, 2 savings, 3 recipient
  item       TEXT NOT NULL,            -- of a bank account its currency, of a recipient a keyed hash, else ''
  file       INTEGER NOT NULL DEFAULT 0, -- of a recipient: where it stands, when not in the record's own row; 0: there
  row        INTEGER NOT NULL DEFAULT 0,
  hash       BLOB NOT NULL,            -- keyed hash of the body that was planned
  sent       BLOB,                     -- keyed hash of the body that was sent last
  state      INTEGER NOT NULL,         -- as in task
  generation INTEGER NOT NULL DEFAULT 1, -- of its Idempotency-Key; grows after a known outcome only
  lost       INTEGER NOT NULL DEFAULT 0, -- 1: an answer of this generation was lost
  attempts   INTEGER NOT NULL DEFAULT 0,
  first_at   INTEGER,                  -- intent of the generation's first attempt
  last_at    INTEGER,                  -- last change of state
  uuid       TEXT,                     -- Bakkt's
  status     TEXT,                     -- of a user, as Bakkt named it last
  code       INTEGER REFERENCES word,  -- refusal, hold, doubt or give-up: code
  field      INTEGER REFERENCES word,
  message    INTEGER REFERENCES word   -- masked
);
CREATE UNIQUE INDEX custody_item ON custody_task (client_id, kind, item);
CREATE INDEX custody_unfinished ON custody_task (state, kind) WHERE state < {state.first_finished};

CREATE TABLE custody_attempt (         -- one row per time that a custody task was sent
  task       INTEGER NOT NULL,
  number     INTEGER NOT NULL,         -- 1, 2, 3 …
  generation INTEGER NOT NULL,
  key        TEXT NOT NULL,            -- the Idempotency-Key that was sent
  at         INTEGER NOT NULL,         -- the intent
  ended      INTEGER,                  -- NULL: nobody knows
  answer     INTEGER REFERENCES word,
  outcome    INTEGER REFERENCES word,
  hash       BLOB NOT NULL,            -- keyed hash of the body
  PRIMARY KEY (task, number)
) WITHOUT ROWID;

CREATE TABLE custody_gap (             -- why something of a customer's custody is not made; the account goes even so
  record INTEGER NOT NULL,
  path   INTEGER NOT NULL REFERENCES word,
  reason INTEGER NOT NULL REFERENCES word,
  file   INTEGER NOT NULL,             -- where it stands, when not in the record's own row; 0: there
  row    INTEGER NOT NULL,
  PRIMARY KEY (record, path, reason, file, row)
) WITHOUT ROWID;

CREATE TABLE custody_name (            -- names that go transliterated
  record INTEGER NOT NULL,
  path   INTEGER NOT NULL REFERENCES word,
  PRIMARY KEY (record, path)
) WITHOUT ROWID;

CREATE TABLE custody_difference (      -- what the last reading of a user showed: words, never values
  task INTEGER PRIMARY KEY,
  what INTEGER NOT NULL REFERENCES word,
  at   INTEGER NOT NULL
);
