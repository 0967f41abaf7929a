-- Version 4: people across plans. The rule of version 1 holds: no customer value.

-- Keyed hash of the primary owner's names, birth date and tax id together (pipeline::person): 16 bytes. NULL when the
-- record says too little of them, is left out, or was planned before version 4. Never of a single field.
ALTER TABLE record ADD COLUMN person BLOB;
ALTER TABLE former ADD COLUMN person BLOB; -- as the last plan had it that sent the customer

CREATE TABLE set_aside (               -- append only: what tasks that were sent had come to when a decision ended or reopened them
  id        INTEGER PRIMARY KEY,
  task      INTEGER NOT NULL,          -- its attempts stay in `attempt`
  kind      INTEGER NOT NULL,          -- as in `task`
  client_id TEXT,
  file      TEXT,                      -- where its row stood then
  row       INTEGER NOT NULL,
  document  TEXT,                      -- of a document: clientDocumentId
  state     INTEGER NOT NULL,
  attempts  INTEGER NOT NULL,
  first_at  INTEGER,
  last_at   INTEGER,
  code      INTEGER REFERENCES word,
  field     INTEGER REFERENCES word,
  message   INTEGER REFERENCES word,   -- masked
  decision  TEXT NOT NULL,             -- 'excluded', 'no longer in the plan', 'sent again', 'changed and planned again'
  reason    TEXT,                      -- why, in the operator's words
  by        TEXT,                      -- who
  at        INTEGER NOT NULL,
  gone      INTEGER NOT NULL           -- 1: the plan has the task no longer; 0: it was opened again
);
CREATE INDEX set_aside_client ON set_aside (client_id, kind) WHERE gone = 1;
CREATE TRIGGER set_aside_stays BEFORE UPDATE ON set_aside BEGIN SELECT RAISE(ABORT, 'what was sent is append only'); END;
CREATE TRIGGER set_aside_keeps BEFORE DELETE ON set_aside BEGIN SELECT RAISE(ABORT, 'what was sent is append only'); END;

-- 1: its account is not INDIVIDUAL and nothing says its side, so that FRONT is an assumption.
ALTER TABLE document ADD COLUMN side_assumed INTEGER NOT NULL DEFAULT 0;

-- Keyed marks of this customer alone (contract::ownership). NULL: not sent, or planned before version 4.
ALTER TABLE record ADD COLUMN agreements BLOB; -- of each owner's agreements, as the plan has them
ALTER TABLE record ADD COLUMN owners BLOB;     -- of the owners of an entity, and of what they own
ALTER TABLE task ADD COLUMN agreements BLOB;   -- as Bakkt has them; NULL: not known
ALTER TABLE task ADD COLUMN owners BLOB;       -- likewise

CREATE TABLE acknowledged (            -- changed agreements that both sides acknowledged, says a person
  client_id  TEXT NOT NULL,
  agreements BLOB NOT NULL,            -- marks of the agreements as they are then
  reason     TEXT NOT NULL,
  by         TEXT NOT NULL,
  at         INTEGER NOT NULL,
  PRIMARY KEY (client_id, agreements)
) WITHOUT ROWID;

CREATE TABLE manual_kyb (              -- how manual KYB of an account ended, says a person
  client_id TEXT PRIMARY KEY,
  outcome   TEXT NOT NULL,             -- 'approved' or 'rejected'
  reason    TEXT NOT NULL,
  by        TEXT NOT NULL,
  at        INTEGER NOT NULL
) WITHOUT ROWID;
