-- Version 5: findings. The rule of version 1 holds: a kind, a field and a position, never a value, nor a hash of one.

CREATE TABLE finding (                 -- what a person should see although no rule refuses it
  record INTEGER NOT NULL,             -- 0: of no record, such as an exclusion that fits nobody
  kind   INTEGER NOT NULL REFERENCES word,  -- same_person, minor_owner, …
  path   INTEGER NOT NULL,             -- the field, a word; 0: none
  file   INTEGER NOT NULL,             -- where it stands, when not in the record's own row; 0: there
  row    INTEGER NOT NULL,
  first  INTEGER NOT NULL,             -- of kinds that compare records: the record that its group begins with; 0: of this record alone
  PRIMARY KEY (record, kind, path, file, row)
) WITHOUT ROWID;
