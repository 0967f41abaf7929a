-- Filled by the program: when, and which backfill file the new plan has that the old one had not; whose rows it changed; of whom it speaks.
CREATE TEMP TABLE adopting (at INTEGER NOT NULL, layer INTEGER NOT NULL);
CREATE TEMP TABLE touched (client_id TEXT PRIMARY KEY, row INTEGER NOT NULL) WITHOUT ROWID;
CREATE TEMP TABLE spoken_of (client_id TEXT PRIMARY KEY) WITHOUT ROWID;

CREATE TEMP TABLE was (client_id TEXT PRIMARY KEY, task INTEGER, state INTEGER, hash BLOB, untouched INTEGER, record INTEGER,
    fixed BLOB, restricted INTEGER NOT NULL DEFAULT 0, person BLOB,
    agreements BLOB, owners BLOB) WITHOUT ROWID;
-- Accepted accounts whose agreements changed, with the marks of the new ones; filled by the program.
CREATE TEMP TABLE agreements_changed (client_id TEXT PRIMARY KEY, agreements BLOB NOT NULL) WITHOUT ROWID;
INSERT INTO temp.was
    SELECT r.client_id, t.id, t.state, CASE t.state WHEN {state.accepted} THEN t.hash ELSE r.hash END, t.existed = {existed.different}, NULL,
           CASE WHEN t.state = {state.accepted} AND t.hash IS r.hash THEN r.fixed ELSE t.fixed END, 0, r.person,
           CASE WHEN t.state = {state.accepted} AND t.hash IS r.hash THEN r.agreements ELSE t.agreements END,
           CASE WHEN t.state = {state.accepted} AND t.hash IS r.hash THEN coalesce(t.owners, r.owners) ELSE t.owners END
    FROM main.task t JOIN main.record r ON r.id = t.record WHERE t.kind = {kind.account};
INSERT OR IGNORE INTO temp.was
    SELECT f.client_id, t.id, t.state, t.hash, t.existed = {existed.different}, NULL, t.fixed, 0, f.person, t.agreements, t.owners FROM main.former f JOIN main.task t ON t.id = f.task;
UPDATE temp.was SET record =
    (SELECT r.id FROM n.record r WHERE r.client_id = was.client_id AND r.verdict IN ({verdict.sendable}));
-- What the new plan has differs from what Bakkt has in a field that no update may change.
UPDATE temp.was SET restricted = 1 FROM n.record r
    WHERE r.id = was.record AND was.state = {state.accepted} AND NOT was.untouched AND r.hash IS NOT was.hash AND substr(r.fixed, 1, {fixed_marks}) <> substr(was.fixed, 1, {fixed_marks});

CREATE TEMP TABLE was_update (client_id TEXT PRIMARY KEY, task INTEGER, hash BLOB, record INTEGER) WITHOUT ROWID;
INSERT INTO temp.was_update
    SELECT r.client_id, t.id, r.hash, NULL FROM main.task t JOIN main.record r ON r.id = t.record WHERE t.kind = {kind.update} AND t.state <> {state.accepted};
UPDATE temp.was_update SET record =
    (SELECT w.record FROM temp.was w JOIN n.record r ON r.id = w.record
     WHERE w.client_id = was_update.client_id AND w.state = {state.accepted} AND NOT w.untouched AND w.hash IS NOT r.hash AND NOT w.restricted);

CREATE TEMP TABLE was_document (uuid TEXT PRIMARY KEY, client_id TEXT, task INTEGER, state INTEGER, hash BLOB, document INTEGER, record INTEGER) WITHOUT ROWID;
INSERT INTO temp.was_document
    SELECT d.uuid, r.client_id, t.id, t.state, d.hash, NULL, NULL
    FROM main.task t JOIN main.document d ON d.id = t.document JOIN main.record r ON r.id = t.record WHERE t.kind = {kind.document};
INSERT OR IGNORE INTO temp.was_document
    SELECT f.uuid, f.client_id, t.id, t.state, t.hash, NULL, NULL FROM main.former_task f JOIN main.task t ON t.id = f.task WHERE t.kind = {kind.former_document};
UPDATE temp.was_document SET (document, record) =
    (SELECT d.id, d.record FROM n.document d WHERE d.uuid = was_document.uuid AND d.verdict = {document.sent});

CREATE TEMP TABLE was_kyb (client_id TEXT PRIMARY KEY, task INTEGER, state INTEGER, record INTEGER) WITHOUT ROWID;
INSERT INTO temp.was_kyb
    SELECT r.client_id, t.id, t.state, NULL FROM main.task t JOIN main.record r ON r.id = t.record WHERE t.kind = {kind.kyb};
INSERT OR IGNORE INTO temp.was_kyb
    SELECT f.client_id, t.id, t.state, NULL FROM main.former_task f JOIN main.task t ON t.id = f.task WHERE t.kind = {kind.former_kyb};
UPDATE temp.was_kyb SET record =
    (SELECT r.id FROM n.record r JOIN n.task t ON t.record = r.id AND t.kind = {kind.kyb} WHERE r.client_id = was_kyb.client_id);

INSERT OR IGNORE INTO main.word (text) SELECT text FROM n.word;
CREATE TEMP TABLE words (new INTEGER PRIMARY KEY, old INTEGER);
INSERT INTO temp.words SELECT n.id, w.id FROM n.word n JOIN main.word w ON w.text = n.text;
