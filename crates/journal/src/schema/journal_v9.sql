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
