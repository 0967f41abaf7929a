-- Version 6: what a shard knows of the others. The rule of version 1 holds: ids and keyed hashes, never a value.

CREATE TABLE elsewhere (               -- customers whom a plan sends in another shard, so that ids that change are seen over the whole export
  client_id TEXT PRIMARY KEY,
  record    INTEGER,                   -- as in record.id; NULL: an earlier plan had this id
  person    BLOB                       -- as in record.person
) WITHOUT ROWID;
