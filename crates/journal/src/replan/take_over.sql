DELETE FROM main.former;
INSERT INTO main.former SELECT task, client_id, person FROM temp.was WHERE record IS NULL AND state = {state.accepted};
DELETE FROM main.former_task;
INSERT INTO main.former_task SELECT task, uuid, client_id FROM temp.was_document WHERE document IS NULL AND state = {state.accepted};
-- A KYB trigger in doubt may have been taken: it is not forgotten.
INSERT INTO main.former_task SELECT task, NULL, client_id FROM temp.was_kyb WHERE record IS NULL AND state IN ({state.perhaps_at_bakkt});
-- An update that was asked for, and is still needed with the same bytes, stays what it is: open, refused, given up.
DELETE FROM main.task WHERE kind = {kind.update} AND id NOT IN
    (SELECT u.task FROM temp.was_update u JOIN n.record r ON r.id = u.record WHERE u.hash IS r.hash);
DELETE FROM main.task WHERE id IN (SELECT task FROM temp.was WHERE record IS NULL AND state <> {state.accepted});
DELETE FROM main.task WHERE id IN (SELECT task FROM temp.was_document WHERE document IS NULL AND state <> {state.accepted});
DELETE FROM main.task WHERE id IN (SELECT task FROM temp.was_kyb WHERE record IS NULL AND state NOT IN ({state.perhaps_at_bakkt}));

-- Attempts of deleted tasks stay, so new tasks must not take their numbers: a placeholder holds the highest one until the
-- new tasks are there.
INSERT OR IGNORE INTO main.task (id, record, kind, state)
    SELECT max(task), -max(task), {kind.placeholder}, {state.gave_up} FROM main.attempt HAVING max(task) IS NOT NULL;

-- First every task leaves its record's number, which may belong to another customer now.
UPDATE main.task SET record = -id, document = 0;
UPDATE main.task SET kind = {kind.former_account} WHERE id IN (SELECT task FROM main.former);
UPDATE main.task SET kind = CASE kind WHEN {kind.document} THEN {kind.former_document} WHEN {kind.kyb} THEN {kind.former_kyb} ELSE kind END WHERE id IN (SELECT task FROM main.former_task);
UPDATE main.task SET kind = {kind.account}, record = w.record FROM temp.was w WHERE w.task = task.id AND w.record IS NOT NULL;
UPDATE main.task SET record = u.record FROM temp.was_update u WHERE u.task = task.id AND task.kind = {kind.update};
UPDATE main.task SET kind = {kind.document}, record = w.record, document = w.document FROM temp.was_document w WHERE w.task = task.id AND w.document IS NOT NULL;
UPDATE main.task SET kind = {kind.kyb}, record = w.record FROM temp.was_kyb w WHERE w.task = task.id AND w.record IS NOT NULL;

-- The gaps of customers whom the new plan has too, to find those that it closes; and those of customers whom it does not send and whose
-- account Bakkt has, where they stay open.
CREATE TEMP TABLE was_gap (client_id TEXT, path INTEGER, reason INTEGER, level TEXT, opened_at INTEGER, waived INTEGER, PRIMARY KEY (client_id, path)) WITHOUT ROWID;
INSERT OR IGNORE INTO temp.was_gap
    SELECT r.client_id, g.path, g.reason, g.level, g.opened_at, g.status = 'waived' FROM main.gap g JOIN main.record r ON r.id = g.record
    WHERE EXISTS (SELECT 1 FROM n.record o WHERE o.client_id = r.client_id AND o.verdict IN ({verdict.judged}))
       OR EXISTS (SELECT 1 FROM main.former f WHERE f.client_id = r.client_id);

-- Gaps of customers who left the plan and are back in it, of which Bakkt was sent nothing since: they went on all the time.
CREATE TEMP TABLE gap_of_returned (client_id TEXT, path INTEGER, opened_at INTEGER, PRIMARY KEY (client_id, path)) WITHOUT ROWID;
INSERT INTO temp.gap_of_returned
    SELECT c.client_id, c.path, c.opened_at FROM temp.was w JOIN main.task k ON k.id = w.task JOIN main.closed_gap c ON c.client_id = w.client_id
    WHERE w.state = {state.accepted} AND w.record IS NOT NULL AND c.opened_at > 0 AND c.closed_at > k.last_at
    AND NOT EXISTS (SELECT 1 FROM main.record r WHERE r.client_id = c.client_id AND r.verdict IN ({verdict.judged}))
    AND NOT EXISTS (SELECT 1 FROM main.sent_update u WHERE u.client_id = c.client_id AND u.at >= c.closed_at)
    AND NOT EXISTS (SELECT 1 FROM main.closed_gap d WHERE d.client_id = c.client_id AND d.path = c.path AND d.id > c.id);

-- Owners and contacts that are rows of an export, and where they were before: one is the same by the own id where both have one, else by
-- the name, as rows of backfill files find them. `was` is NULL for somebody else than stood there.
CREATE TEMP TABLE was_element (client_id TEXT, list INTEGER, place INTEGER, id BLOB, named BLOB, PRIMARY KEY (client_id, list, place)) WITHOUT ROWID;
INSERT OR IGNORE INTO temp.was_element
    SELECT r.client_id, e.list, e.place, nullif(substr(e.mark, 1, 8), x'0000000000000000'), nullif(substr(e.mark, 9), x'0000000000000000')
    FROM main.gap_element e JOIN main.record r ON r.id = e.record WHERE r.client_id IS NOT NULL;
CREATE TEMP TABLE new_element (record INTEGER, list INTEGER, place INTEGER, id BLOB, named BLOB, PRIMARY KEY (record, list, place)) WITHOUT ROWID;
INSERT INTO temp.new_element
    SELECT e.record, e.list, e.place, nullif(substr(e.mark, 1, 8), x'0000000000000000'), nullif(substr(e.mark, 9), x'0000000000000000')
    FROM n.gap_element e;
CREATE TEMP TABLE of_element (record INTEGER, list INTEGER, place INTEGER, was INTEGER, PRIMARY KEY (record, list, place)) WITHOUT ROWID;
INSERT INTO temp.of_element
    SELECT e.record, e.list, e.place,
        -- Who looks alike in several places stays where they are.
        (SELECT coalesce(max(CASE o.place WHEN e.place THEN o.place END), min(o.place)) FROM temp.was_element o
            WHERE o.client_id = r.client_id AND o.list = e.list AND (o.id = e.id OR (o.id IS NULL OR e.id IS NULL) AND o.named = e.named))
    FROM temp.new_element e JOIN n.record r ON r.id = e.record
    -- An earlier version did not note who stood there.
    WHERE EXISTS (SELECT 1 FROM temp.was_element o WHERE o.client_id = r.client_id);
INSERT OR IGNORE INTO temp.of_element
    SELECT r.id, o.list, o.place, NULL FROM temp.was_element o JOIN n.record r ON r.client_id = o.client_id
    WHERE r.verdict IN ({verdict.sendable});
-- By gap of such an element, the path that it had in the old plan.
CREATE TEMP TABLE gap_before (record INTEGER, path INTEGER, before INTEGER, PRIMARY KEY (record, path)) WITHOUT ROWID;
INSERT OR IGNORE INTO temp.gap_before
    SELECT g.record, a.path, (SELECT b.path FROM temp.element_path b WHERE b.list = a.list AND b.place = e.was AND b.field = a.field)
    FROM temp.of_element e CROSS JOIN n.gap g ON g.record = e.record JOIN temp.words p ON p.new = g.path
    JOIN temp.element_path a ON a.path = p.old AND a.list = e.list AND a.place = e.place;

-- By gap of the new plan, the waiver that stands for it, by the path that this had: a waiver is for the gap of somebody whom a person
-- looked at, and goes where they go.
CREATE TEMP TABLE waived_gap (record INTEGER, path INTEGER, was INTEGER, PRIMARY KEY (record, path), UNIQUE (record, was)) WITHOUT ROWID;
INSERT OR IGNORE INTO temp.waived_gap
    SELECT e.record, a.path, v.path FROM main.waiver_element v JOIN temp.element_path w ON w.path = v.path JOIN n.record r ON r.client_id = v.client_id
    JOIN temp.new_element e ON e.record = r.id AND e.list = w.list
        AND (e.id = nullif(substr(v.mark, 1, 8), x'0000000000000000')
            OR (e.id IS NULL OR substr(v.mark, 1, 8) = x'0000000000000000') AND e.named = nullif(substr(v.mark, 9), x'0000000000000000'))
    JOIN temp.element_path a ON a.list = e.list AND a.place = e.place AND a.field = w.field
    ORDER BY a.path <> v.path;
INSERT OR IGNORE INTO temp.waived_gap
    SELECT r.id, v.path, v.path FROM main.waiver v JOIN n.record r ON r.client_id = v.client_id LEFT JOIN temp.element_path w ON w.path = v.path
    WHERE NOT EXISTS (SELECT 1 FROM main.waiver_element o WHERE o.client_id = v.client_id AND o.path = v.path)
    AND NOT EXISTS (SELECT 1 FROM temp.new_element e WHERE e.record = r.id AND e.list = w.list AND e.place = w.place);
DELETE FROM main.gap_element;
INSERT INTO main.gap_element SELECT * FROM n.gap_element;

-- What Bakkt has of those whose record goes or changes is kept with their task from now on.
UPDATE main.task SET fixed = w.fixed, agreements = w.agreements, owners = w.owners FROM temp.was w
    WHERE w.task = task.id AND w.state = {state.accepted}
    AND NOT EXISTS (SELECT 1 FROM n.record r WHERE r.id = w.record AND r.hash IS w.hash AND r.owners IS w.owners);
DELETE FROM main.gap_set; DELETE FROM main.record; DELETE FROM main.file; DELETE FROM main.policy; DELETE FROM main.fingerprint;
DELETE FROM main.part; DELETE FROM main.unused; DELETE FROM main.owner; DELETE FROM main.document;
INSERT INTO main.record
    SELECT r.id, r.file, r.row, r.offset, r.length, r.client_id, r.verdict, w.old, r.hash, r.gaps, r.fixed, r.person, r.agreements, r.owners, NULL, r.carried
    FROM n.record r LEFT JOIN temp.words w ON w.new = r.reason;
-- The program makes sets of them.
CREATE TEMP TABLE new_gap (record INTEGER NOT NULL, path INTEGER NOT NULL, reason INTEGER NOT NULL, level TEXT NOT NULL, status TEXT NOT NULL,
    file INTEGER NOT NULL, row INTEGER NOT NULL, opened_at INTEGER NOT NULL, PRIMARY KEY (record, path, reason, file, row)) WITHOUT ROWID;
INSERT INTO temp.new_gap
    SELECT g.record, p.old, w.old, g.level, CASE WHEN v.was IS NULL OR g.level NOT IN ('G', 'O') OR r.verdict NOT IN ({verdict.sendable}) THEN g.status ELSE 'waived' END, g.file, g.row,
           coalesce(o.opened_at, b.opened_at, g.opened_at)
    FROM n.gap g JOIN n.record r ON r.id = g.record JOIN temp.words p ON p.new = g.path JOIN temp.words w ON w.new = g.reason
    LEFT JOIN temp.gap_before x ON x.record = g.record AND x.path = p.old
    LEFT JOIN temp.was_gap o ON o.client_id = r.client_id AND o.path = CASE WHEN x.record IS NULL THEN p.old ELSE x.before END
    LEFT JOIN temp.gap_of_returned b ON b.client_id = r.client_id AND b.path = p.old
    LEFT JOIN temp.waived_gap v ON v.record = g.record AND v.path = p.old;
-- Waivers go with those for whom they stand. One whose gap is gone gives its place up.
CREATE TEMP TABLE moved_waiver (client_id TEXT, was INTEGER, path INTEGER, by TEXT, reason TEXT, at INTEGER, mark BLOB, PRIMARY KEY (client_id, was)) WITHOUT ROWID;
INSERT INTO temp.moved_waiver
    SELECT v.client_id, v.path, z.path, v.by, v.reason, v.at, e.mark
    FROM temp.waived_gap z JOIN main.record r ON r.id = z.record JOIN main.waiver v ON v.client_id = r.client_id AND v.path = z.was
    JOIN main.waiver_element e ON e.client_id = v.client_id AND e.path = v.path
    WHERE z.path <> z.was AND EXISTS (SELECT 1 FROM temp.new_gap g WHERE g.record = z.record AND g.path = z.path);
-- Gaps that were waived, and are those of somebody else or of nobody knows whom now.
CREATE TEMP TABLE reopened_gap (client_id TEXT, path INTEGER, PRIMARY KEY (client_id, path)) WITHOUT ROWID;
INSERT OR IGNORE INTO temp.reopened_gap
    SELECT o.client_id, o.path FROM temp.was_gap o JOIN main.record r ON r.client_id = o.client_id AND r.verdict IN ({verdict.sendable})
    JOIN temp.new_gap g ON g.record = r.id AND g.path = o.path
    WHERE o.waived AND g.status = 'open' AND g.level IN ('G', 'O')
    AND NOT EXISTS (SELECT 1 FROM temp.moved_waiver m WHERE m.client_id = o.client_id AND m.was = o.path);
DELETE FROM main.waiver WHERE EXISTS (SELECT 1 FROM temp.moved_waiver m WHERE m.client_id = waiver.client_id AND m.was = waiver.path);
DELETE FROM main.waiver_element WHERE EXISTS (SELECT 1 FROM temp.moved_waiver m WHERE m.client_id = waiver_element.client_id AND m.was = waiver_element.path);
INSERT OR REPLACE INTO main.waiver SELECT client_id, path, by, reason, at FROM temp.moved_waiver;
INSERT OR REPLACE INTO main.waiver_element SELECT client_id, path, mark FROM temp.moved_waiver;
INSERT INTO main.closed_gap (client_id, path, reason, level, opened_at, closed_at, layer, row)
    SELECT o.client_id, o.path, o.reason, o.level, o.opened_at,
        -- It ends when that of somebody else begins in its place, which is not the same one again.
        max(a.at, coalesce((SELECT max(g.opened_at) FROM main.record r JOIN temp.new_gap g ON g.record = r.id WHERE r.client_id = o.client_id AND g.path = o.path), 0)),
        CASE WHEN t.row IS NULL THEN 0 ELSE a.layer END, coalesce(t.row, 0)
    FROM temp.was_gap o JOIN temp.adopting a LEFT JOIN temp.touched t ON t.client_id = o.client_id
    WHERE NOT EXISTS (SELECT 1 FROM main.record r JOIN temp.new_gap g ON g.record = r.id WHERE r.client_id = o.client_id AND g.path = o.path
        AND NOT EXISTS (SELECT 1 FROM temp.gap_before x WHERE x.record = g.record AND x.path = g.path))
    AND NOT EXISTS (SELECT 1 FROM main.record r JOIN temp.gap_before x ON x.record = r.id WHERE r.client_id = o.client_id AND x.before = o.path)
    -- A part of it is known now and withheld, and nothing of it is sent: what the part lacks are gaps in its place.
    AND NOT EXISTS (SELECT 1 FROM main.record r JOIN temp.new_gap g ON g.record = r.id JOIN main.word p ON p.id = g.path JOIN main.word q ON q.id = o.path
        LEFT JOIN temp.was w ON w.client_id = r.client_id
        WHERE r.client_id = o.client_id AND g.reason = (SELECT id FROM main.word WHERE text = 'withheld')
        AND substr(p.text, 1, length(q.text) + 1) IN (q.text || '[', q.text || '.')
        AND (r.hash IS w.hash OR q.text LIKE '%.agreements' AND substr(r.carried, 1, 1) = x'00'));
DROP TABLE temp.was_gap; DROP TABLE temp.gap_of_returned; DROP TABLE temp.was_element; DROP TABLE temp.new_element; DROP TABLE temp.of_element;
DROP TABLE temp.gap_before; DROP TABLE temp.waived_gap; DROP TABLE temp.moved_waiver; DROP TABLE temp.element_path;
INSERT INTO main.file SELECT * FROM n.file;
INSERT INTO main.policy SELECT * FROM n.policy;
INSERT INTO main.fingerprint SELECT * FROM n.fingerprint;
INSERT INTO main.part SELECT * FROM n.part;
INSERT INTO main.unused SELECT u.file, u.row, w.old FROM n.unused u JOIN temp.words w ON w.new = u.reason;
INSERT INTO main.owner SELECT * FROM n.owner;
DELETE FROM main.finding;
INSERT INTO main.finding
    SELECT g.record, k.old, coalesce(p.old, 0), g.file, g.row, g.first
    FROM n.finding g JOIN temp.words k ON k.new = g.kind LEFT JOIN temp.words p ON p.new = g.path;
UPDATE main.other_shard SET record = NULL;
INSERT INTO main.other_shard SELECT client_id, record, person FROM n.other_shard WHERE true
    ON CONFLICT (client_id) DO UPDATE SET record = excluded.record, person = excluded.person;
DELETE FROM main.known_file;
INSERT INTO main.known_file SELECT * FROM n.known_file;
INSERT INTO main.document
    SELECT d.id, d.record, d.file, d.row, d.offset, d.length, d.sealed, d.shown, d.place, k.old, s.old, d.proves, d.size,
           d.uuid, d.verdict, w.old, d.hash, d.side_assumed, d.sha256
    FROM n.document d LEFT JOIN temp.words k ON k.new = d.type LEFT JOIN temp.words s ON s.new = d.side
    LEFT JOIN temp.words w ON w.new = d.reason;
INSERT INTO main.meta SELECT key, value FROM n.meta WHERE true
    ON CONFLICT (key) DO UPDATE SET value = excluded.value;

-- The same bytes have the same, also of accounts that were accepted before the journal knew it.
UPDATE main.task SET fixed = NULL, agreements = NULL, owners = CASE WHEN task.owners IS NOT r.owners THEN task.owners END FROM main.record r
    WHERE r.id = task.record AND task.kind = {kind.account} AND task.state = {state.accepted} AND task.hash IS r.hash;

INSERT INTO main.task (record, kind, state)
    SELECT id, {kind.account}, {state.open} FROM main.record r WHERE r.verdict IN ({verdict.sendable})
    AND NOT EXISTS (SELECT 1 FROM main.task t WHERE t.record = r.id AND t.kind = {kind.account}) ORDER BY id;
INSERT INTO main.task (record, kind, state, document, code, message)
    SELECT d.record, {kind.document}, {state.held}, d.id, (SELECT old FROM temp.words WHERE new = t.code), (SELECT old FROM temp.words WHERE new = t.message)
    FROM n.task t JOIN n.document d ON d.id = t.document WHERE t.kind = {kind.document}
    AND NOT EXISTS (SELECT 1 FROM main.task m WHERE m.record = d.record AND m.kind = {kind.document} AND m.document = d.id) ORDER BY d.id;
INSERT INTO main.task (record, kind, state, code, message)
    SELECT t.record, {kind.kyb}, {state.held}, (SELECT old FROM temp.words WHERE new = t.code), (SELECT old FROM temp.words WHERE new = t.message)
    FROM n.task t WHERE t.kind = {kind.kyb}
    AND NOT EXISTS (SELECT 1 FROM main.task m WHERE m.record = t.record AND m.kind = {kind.kyb}) ORDER BY t.record;
