-- Version 2: rows that stand beside a record's own, documents, KYB. The rule of version 1 holds: no customer value.
-- A file name may hold one, so the place of a document is its manifest row, or sealed with the journal's key.

ALTER TABLE file ADD COLUMN role TEXT NOT NULL DEFAULT 'accounts';  -- accounts, owners, trusted contacts, documents
ALTER TABLE file ADD COLUMN rows INTEGER NOT NULL DEFAULT 0;        -- rows read
ALTER TABLE file ADD COLUMN blank_lines INTEGER NOT NULL DEFAULT 0;

CREATE TABLE gap_v2 (
  record INTEGER NOT NULL,
  path   INTEGER NOT NULL REFERENCES word,
  reason INTEGER NOT NULL REFERENCES word,
  level  TEXT NOT NULL,
  status TEXT NOT NULL,
  file   INTEGER NOT NULL DEFAULT 0,   -- where it stands, when not in the record's own row; 0: there
  row    INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (record, path, reason, file, row)
) WITHOUT ROWID;
INSERT INTO gap_v2 SELECT record, path, reason, level, status, 0, 0 FROM gap;
DROP TABLE gap;
ALTER TABLE gap_v2 RENAME TO gap;

CREATE TABLE part (                    -- rows that are read beside a record's own row
  record INTEGER NOT NULL,
  list   INTEGER NOT NULL,             -- 0 further row of its group, 1 owner, 2 trusted contact, 3 row of a backfill file
  place  INTEGER NOT NULL,             -- 0, 1, 2 … in the order in which they are mapped
  file   INTEGER NOT NULL,
  row    INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  length INTEGER NOT NULL,
  PRIMARY KEY (record, list, place)
) WITHOUT ROWID;

CREATE TABLE unused (                  -- rows that no record and no upload uses
  file   INTEGER NOT NULL,
  row    INTEGER NOT NULL,
  reason INTEGER NOT NULL REFERENCES word,
  PRIMARY KEY (file, row)
) WITHOUT ROWID;

CREATE TABLE owner (                   -- owners of records that need KYB or have documents
  record INTEGER NOT NULL,
  place  INTEGER NOT NULL,             -- 0 is the first
  id     TEXT NOT NULL,                -- clientOwnerId, as sent
  flags  INTEGER NOT NULL,             -- contract::documents: owns more than 25 %, manages, share unknown, …
  PRIMARY KEY (record, place)
) WITHOUT ROWID;

CREATE TABLE document (
  id      INTEGER PRIMARY KEY,         -- 1, 2, 3 … in the order of the manifest, then of the folder
  record  INTEGER NOT NULL,            -- 0: its account is not in the plan
  file    INTEGER NOT NULL,            -- the manifest, or the folder pattern
  row     INTEGER NOT NULL,            -- line of the manifest; 0 with a folder pattern
  offset  INTEGER NOT NULL,
  length  INTEGER NOT NULL,
  sealed  BLOB,                        -- with a folder pattern: the path below the documents folder, sealed
  shown   TEXT,                        -- what a person is told of the place: the pattern with what is known filled in
  place   INTEGER,                     -- the owner it belongs to; NULL: the account itself
  type    INTEGER REFERENCES word,     -- documentType, when it is one
  side    INTEGER REFERENCES word,     -- documentSide, when it is one
  proves  INTEGER NOT NULL,            -- contract::documents: what it counts for on the KYB checklist
  size    INTEGER NOT NULL,            -- bytes; 0 when not known
  uuid    TEXT,                        -- clientDocumentId; NULL when it cannot be sent
  verdict INTEGER NOT NULL,            -- 0 sent, 1 refused before sending, 2 the same as an earlier one, 3 its account is not sent, 4 its account is not in the plan
  reason  INTEGER REFERENCES word,     -- of 1 to 4
  hash    BLOB                         -- keyed hash of its metadata; NULL when it cannot be sent
);
CREATE INDEX document_record ON document (record);
CREATE UNIQUE INDEX document_uuid ON document (uuid) WHERE verdict = {document.sent};

ALTER TABLE task ADD COLUMN document INTEGER NOT NULL DEFAULT 0;  -- kind 3: which one
DROP INDEX task_record;
DROP INDEX task_unfinished;
-- kind: 0 account, 1 update, 2 former account, 3 document, 4 KYB, 5 former document, 6 former KYB (2, 5, 6: record is -id)
CREATE UNIQUE INDEX task_record ON task (record, kind, document);
CREATE INDEX task_unfinished ON task (state, kind, id) WHERE state < {state.first_finished};

CREATE TABLE former_task (             -- kinds 5 and 6: accepted (KYB also in doubt), and no longer in the plan
  task      INTEGER PRIMARY KEY,
  uuid      TEXT,                      -- of a document
  client_id TEXT NOT NULL
);
