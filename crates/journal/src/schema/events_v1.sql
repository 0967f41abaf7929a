-- events.db, beside the journal: what Bakkt's webhooks said. A database of its own, so that the receiver and a run never
-- wait for each other; its one writer is the receiver (or an import). No customer value: a body is kept sealed.

CREATE TABLE event (
  id         INTEGER PRIMARY KEY,      -- in the order of arrival, which says nothing about the order of what happened
  at         INTEGER NOT NULL,         -- arrived
  request_id TEXT NOT NULL,            -- '' when the body has none
  hash       BLOB NOT NULL,            -- keyed hash of the body
  client_id  TEXT,                     -- partnerPartyRef; NULL when it is unfit to be kept, or the body cannot be read
  type       TEXT,                     -- partnerWebhookType; what may not be kept is hidden: 'code-' and a keyed hash
  status     TEXT,                     -- partyStatus, likewise ('?' for an unknown one, of earlier versions)
  reason     TEXT,                     -- reasonCode, likewise
  expires_at INTEGER,                  -- verificationURLExpiry
  linked     INTEGER NOT NULL,         -- 1: it carried a verificationURL
  source     INTEGER NOT NULL,         -- 0 received, 1 imported
  repeats    INTEGER NOT NULL DEFAULT 0, -- times that the same requestId and body came again
  body       BLOB NOT NULL             -- sealed
);
CREATE UNIQUE INDEX event_once ON event (request_id, hash);
CREATE INDEX event_client ON event (client_id);

CREATE TABLE party (                   -- one row per account that events name, written with them
  client_id TEXT PRIMARY KEY,
  events    INTEGER NOT NULL,
  repeats   INTEGER NOT NULL,
  first_at  INTEGER NOT NULL,
  last_at   INTEGER NOT NULL,          -- of the last event that was no repeat and whose status the contract has, if any
  status    TEXT,                      -- of those, when they agree; NULL: they contradict each other; '?': there is none
  reason    TEXT,                      -- of those, when they agree; else the strongest that wants a person
  documents INTEGER NOT NULL,          -- events that ask for document verification
  expires_at INTEGER                   -- the latest expiry of a link that they carried
) WITHOUT ROWID;

CREATE TABLE receiver (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
