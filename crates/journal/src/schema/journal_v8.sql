-- Version 8: the record of what was done, as a chain of entries, and what the last checkpoint saw. The rule of version 1 holds: no
-- customer value, and in entries no customer's id either but keyed hashes, so that a customer can be forgotten and the chain holds.

CREATE TABLE entry (                   -- append only: docs/audit.md says how the hash is made
  id     INTEGER PRIMARY KEY,          -- 1, 2, 3 … without a gap
  at     INTEGER NOT NULL,
  kind   TEXT NOT NULL,                -- chain::EntryKind: begin, run, decision, checkpoint, …
  body   TEXT NOT NULL,                -- canonical JSON
  before BLOB NOT NULL,                -- hash of the entry before; of the first 32 zero bytes
  hash   BLOB NOT NULL                 -- SHA-256
);
CREATE TRIGGER entry_stays BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'the chain is append only'); END;
CREATE TRIGGER entry_keeps BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'the chain is append only'); END;

CREATE TABLE checkpoint_row (          -- hashes of the rows that the last checkpoint saw, so that a changed row can be named
  sheet  TEXT NOT NULL,
  part   INTEGER NOT NULL,             -- 0, 1, 2 …: 4,096 rows each
  hashes BLOB NOT NULL,                -- 16 bytes for each row, in the order of the sheet
  PRIMARY KEY (sheet, part)
) WITHOUT ROWID;

ALTER TABLE document ADD COLUMN sha256 BLOB; -- of its content when it was planned; NULL: not read, or planned before version 8

ALTER TABLE record ADD COLUMN carried BLOB; -- of the agreements that are sent: how many have a name, a version, a date; a byte each

CREATE TABLE erased (                  -- customers who were forgotten: no plan sends them again
  name TEXT PRIMARY KEY,               -- 'erased:' and the keyed hash of the clientAccountId, as chain::erased_name makes it
  at   INTEGER NOT NULL                -- when; 0 in a scratch journal
) WITHOUT ROWID;
