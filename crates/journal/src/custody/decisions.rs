//! What a person decides about custody: what became of a user or of a recipient whose answer was lost, and sending what was
//! refused again.

use rusqlite::{Connection, OptionalExtension, params};

use super::{FOR_A_PERSON, FORBIDDEN, NOT_IN_AGREEMENT};
use crate::read::Reader;
use crate::write::Selection;
use crate::write::journal::{Journal, Spellings};
use crate::write::operator_log::{OperatorNote, target_of};
use crate::write::task_history::RETRIED;
use crate::write::tasks::only_selected;
use crate::write::transitions::TaskEvent;
use bakkt_model::custody::CustodyKind;
use bakkt_model::error::Failure;
use bakkt_model::state::State;
use bakkt_model::task::Refusal;

/// What a person found out about something whose answer was lost.
#[derive(Clone, Copy, Debug)]
pub enum UserResolution<'a> {
    /// Bakkt has it, under this uuid.
    Uuid(&'a str),
    /// Bakkt does not have it.
    NotTaken,
    /// Bakkt forbids it to this customer: of what is held because it was answered 403 or 404.
    Refused,
}

/// What a resolution is about: id, client, state, kind.
type Found = Option<(i64, String, i64, i64)>;

impl Journal {
    /// Settles a user in doubt: it is there under a uuid, or it may be sent again, as a new generation.
    pub fn resolve_user(
        &mut self,
        client_id: &str,
        outcome: UserResolution<'_>,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<()> {
        let found: Found = self
            .db
            .prepare_cached(sql!(
                "SELECT id, client_id, state, kind FROM custody_task WHERE client_id = ? AND kind = {custody.user}"
            ))?
            .query_row([client_id], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?;
        self.resolve_custody(found, outcome, decided)
    }

    /// The same of any custody task, by its number in custody.csv.
    pub fn resolve_custody_task(
        &mut self,
        task: i64,
        outcome: UserResolution<'_>,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<()> {
        let found: Found = self
            .db
            .prepare_cached("SELECT id, client_id, state, kind FROM custody_task WHERE id = ?")?
            .query_row([task], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?;
        self.resolve_custody(found, outcome, decided)
    }

    fn resolve_custody(
        &mut self,
        found: Found,
        outcome: UserResolution<'_>,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<()> {
        let Some((task, client_id, state, kind)) = found else {
            return Err(Failure::configuration(
                "the plan has no such custody task",
                "custody.csv lists them, by task and clientAccountId",
            ));
        };
        if let UserResolution::Refused = outcome {
            return self.refuse_held_custody((task, &client_id, kind), decided);
        }
        let unknown = [State::Sending as i64, State::InDoubt as i64];
        if !unknown.contains(&state) {
            return Err(Failure::configuration(
                "that is not in doubt",
                "only what was sent and whose answer was lost is for a person to settle; see custody.csv",
            ));
        }
        if let UserResolution::Uuid(uuid) = outcome {
            self.refuse_known_uuid(task, uuid)?;
        }
        let word = CustodyKind::from_number(kind).map_or("", CustodyKind::word);
        let is_user = kind == CustodyKind::User as i64;
        self.transaction(|journal| {
            let at = decided.at;
            if state == State::Sending as i64 {
                journal.advance_custody(task, TaskEvent::Doubt, at)?;
            }
            let action = match outcome {
                UserResolution::Uuid(uuid) => {
                    journal.advance_custody(task, TaskEvent::Accept, at)?;
                    journal
                        .db
                        .prepare_cached("UPDATE custody_task SET uuid = ?2, status = '', code = NULL, field = NULL, message = NULL WHERE id = ?1")?
                        .execute(params![task, uuid])?;
                    journal.end_custody_attempt(task, Some(at), "resolve", "accepted, says a person")?;
                    if is_user {
                        journal.user_became(&client_id, true, at)?;
                    }
                    "taken"
                }
                UserResolution::NotTaken | UserResolution::Refused => {
                    journal.advance_custody(task, TaskEvent::Absent, at)?;
                    journal.clear_reason(task)?;
                    journal.end_custody_attempt(task, Some(at), "resolve", "not taken, says a person")?;
                    journal.next_generation(task)?;
                    "not taken"
                }
            };
            journal.log(&format!("resolve {word}: {action}"), &client_id, decided, 1)
        })
    }

    /// What is held because Bakkt forbids it, or because its kind seemed not to be in the agreement, is a refusal of its customer.
    fn refuse_held_custody(
        &mut self,
        (task, client_id, kind): (i64, &str, i64),
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<()> {
        let held: Option<String> = self
            .db
            .prepare_cached(sql!(
                "SELECT w.text FROM custody_task c JOIN word w ON w.id = c.code WHERE c.id = ? AND c.state = {state.held}"
            ))?
            .query_row([task], |row| row.get(0))
            .optional()?;
        if !held.is_some_and(|code| [FORBIDDEN, NOT_IN_AGREEMENT].contains(&code.as_str())) {
            return Err(Failure::configuration(
                "that is not held because Bakkt forbids it",
                format!(
                    "only what is held as `{FORBIDDEN}` or `{NOT_IN_AGREEMENT}` can be refused by a person; see custody.csv"
                ),
            ));
        }
        let word = CustodyKind::from_number(kind).map_or("", CustodyKind::word);
        self.transaction(|journal| {
            let at = decided.at;
            journal.advance_custody(task, TaskEvent::Free, at)?;
            journal.advance_custody(task, TaskEvent::Refuse, at)?;
            let refusal = Refusal {
                code: FORBIDDEN.to_owned(),
                message: "Bakkt forbids it to this customer, says a person".to_owned(),
                ..Refusal::default()
            };
            journal.explain(task, &refusal)?;
            if kind == CustodyKind::User as i64 {
                journal.user_became(client_id, false, at)?;
            }
            journal.log(&format!("resolve {word}: refused"), client_id, decided, 1)
        })
    }

    /// Refuses a uuid under which Bakkt has something else already: one thing is made for one task of one customer.
    pub(crate) fn refuse_known_uuid(&self, task: i64, uuid: &str) -> anyhow::Result<()> {
        match uuid_holder(&self.db, uuid, Some(task))? {
            None => Ok(()),
            Some(holder) => Err(holder.refusal("")),
        }
    }

    /// Opens refused and given-up custody tasks again, each as a new generation: those selected, with this code if one is
    /// given. Returns how many.
    pub(crate) fn retry_custody(
        &mut self,
        selection: &Selection,
        code: Option<&Spellings>,
        decided: OperatorNote<'_>,
    ) -> anyhow::Result<u64> {
        let selected = only_selected("c.client_id", selection.only.is_some());
        let stopped = sql!("c.state IN ({state.stopped})");
        let sql = format!(
            "SELECT c.id, c.client_id, c.kind FROM custody_task c LEFT JOIN word w ON w.id = c.code
             WHERE {stopped} AND (?1 IS NULL OR w.text IN (?1, ?2)) {selected}"
        );
        let spelled = code.map(|code| (&code.plain, &code.hidden)).unzip();
        let tasks: Vec<(i64, String, i64)> = {
            let mut statement = self.db.prepare(&sql)?;
            let rows = statement.query_map(params![spelled.0, spelled.1], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
            rows.collect::<Result<_, _>>()?
        };
        for (task, client_id, kind) in &tasks {
            self.set_aside_custody(&[*task], false, RETRIED, decided)?;
            self.revive_custody(*task, decided.at)?;
            if *kind == CustodyKind::User as i64 {
                self.user_again(client_id)?;
            }
        }
        if !tasks.is_empty() {
            let ids: Vec<String> = tasks.iter().map(|(_, id, _)| id.clone()).collect();
            self.log(
                "retry custody",
                &target_of(&ids),
                decided,
                tasks.len() as u64,
            )?;
        }
        Ok(tasks.len() as u64)
    }

    /// Opens a task again. What it had come to is kept before (`set_aside_custody`).
    pub(super) fn revive_custody(&mut self, task: i64, at: i64) -> anyhow::Result<()> {
        self.advance_custody(task, TaskEvent::Revive, at)?;
        self.clear_reason(task)?;
        self.next_generation(task)
    }

    /// Number of custody tasks in doubt that wait for a person.
    pub fn custody_for_a_person(&self) -> anyhow::Result<u64> {
        let sql = sql!(
            "SELECT count(*) FROM custody_task c JOIN word w ON w.id = c.code
             WHERE c.state = {state.in_doubt} AND c.state < {state.first_finished} AND w.text = ?"
        );
        let count: i64 = self.db.query_row(sql, [FOR_A_PERSON], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }
}

impl Reader {
    /// Refuses a uuid under which Bakkt has something of a customer of this journal, which is that of another shard.
    pub fn refuse_taken_uuid(&self, uuid: &str, shard: &str) -> anyhow::Result<()> {
        match uuid_holder(&self.journal, uuid, None)? {
            None => Ok(()),
            Some(holder) => Err(holder.refusal(&format!(" in shard {shard}"))),
        }
    }
}

/// What Bakkt has under a uuid.
struct UuidHolder {
    task: i64,
    client_id: String,
    kind: i64,
}

impl UuidHolder {
    /// The error of a uuid that is said to be something else's. `place` says where its holder stands, if not here.
    fn refusal(&self, place: &str) -> anyhow::Error {
        let word = CustodyKind::from_number(self.kind).map_or("", CustodyKind::word);
        let (client_id, task) = (&self.client_id, self.task);
        Failure::configuration(
            format!("that uuid is the {word} of {client_id} already (task {task}{place})"),
            "look again under which uuid Bakkt has this one; custody-crosswalk.csv lists the uuids that are taken",
        )
    }
}

/// What a journal knows of a uuid, but for one task.
fn uuid_holder(
    db: &Connection,
    uuid: &str,
    except: Option<i64>,
) -> anyhow::Result<Option<UuidHolder>> {
    let sql = "SELECT id, client_id, kind FROM custody_task WHERE uuid = ?1 COLLATE NOCASE AND id IS NOT ?2";
    let mut statement = db.prepare_cached(sql)?;
    let holder = statement.query_row(params![uuid, except], |row| {
        Ok(UuidHolder {
            task: row.get(0)?,
            client_id: row.get(1)?,
            kind: row.get(2)?,
        })
    });
    Ok(holder.optional()?)
}
