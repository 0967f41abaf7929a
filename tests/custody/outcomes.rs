//! Lost answers, refusals, corrections: a key goes with one generation, and a user is never made twice.

use std::sync::{Arc, Mutex};

use super::world::{IBANS, World, row, rows};
use crate::support::gatekeeper::serve;

/// The first answer of everything that is made gets lost.
const LOSES: &str = "reset_after = 1.0\nmax_faults_per_id = 1\n";
const WINDOW: &str = "idempotency_window = \"10m\"\n";

#[test]
fn without_a_window_a_lost_user_waits_for_a_person() {
    let world = World::new(&rows(2), "", LOSES);
    world.run(3);
    let states = world.states();
    assert_eq!(states["user in doubt for a person"], 2, "{states:?}");
    assert_eq!(world.made().of_kind("user").len(), 2, "none is sent again");
    world.run(3);
    assert_eq!(world.made().of_kind("user").len(), 2, "none is sent again");
    let ledger = world.sandbox.custody();
    let users = ledger["users"].as_array().unwrap();
    let uuid = users.iter().find(|user| user["client"] == "A-1").unwrap()["uuid"]
        .as_str()
        .unwrap();
    let resolve = |arguments: &[&str], code| {
        let why = ["--reason", "looked up in the app"];
        world.ended(world.command(&["resolve"], arguments).args(why), code)
    };
    let said = resolve(&["--user", "A-1", "--as", "nonsense"], 2);
    assert!(said.contains("uuid"), "{said}");
    resolve(&["--user", "A-1", "--as", uuid], 0);
    resolve(&["--user", "A-1", "--as", uuid], 2);
    world.sessions(&["A-1"], "");
    world.run(3);
    let states = world.states();
    assert_eq!(states["user accepted"], 1, "{states:?}");
    assert_eq!(states["bank account accepted"], 1, "{states:?}");
    world.made().has_nothing_twice();
}

#[test]
fn a_user_that_was_not_taken_goes_again_under_a_new_key() {
    let world = World::new(&rows(1), "", "reset_before = 1.0\nmax_faults_per_id = 1\n");
    world.run(3);
    assert_eq!(world.made().users.len(), 0);
    let mut command = world.command(
        &["resolve"],
        &["--user", "A-1", "--as", "not-taken", "--reason", "asked"],
    );
    world.ended(&mut command, 0);
    world.run(3);
    let made = world.made();
    made.has_nothing_twice();
    assert_eq!(made.users.len(), 1);
    let posts = made.of_kind("user");
    assert_eq!(posts.len(), 2);
    assert_ne!(posts[0]["key"], posts[1]["key"]);
}

#[test]
fn within_the_window_a_lost_user_goes_again_with_the_same_key_and_bytes() {
    let world = World::new(&rows(3), WINDOW, LOSES);
    world.run(3);
    let made = world.made();
    made.has_nothing_twice();
    assert_eq!(made.users.len(), 3);
    let posts = made.of_kind("user");
    assert_eq!(posts.len(), 6);
    for id in ["A-1", "A-2", "A-3"] {
        let of: Vec<_> = posts.iter().filter(|post| post["client"] == id).collect();
        assert_eq!(
            (&of[0]["key"], &of[0]["body"]),
            (&of[1]["key"], &of[1]["body"])
        );
        assert_eq!(of[1]["replay"], true);
    }
    assert_eq!(world.states()["user accepted"], 3);
    // Accounts and recipients are settled by the lists.
    world.sessions(&["A-1", "A-2", "A-3"], "");
    world.run(0);
    let made = world.made();
    made.has_nothing_twice();
    assert_eq!((made.accounts.len(), made.recipients.len()), (6, 3));
    assert_eq!(
        made.of_kind("recipient").len(),
        3,
        "found in the list, not sent again"
    );
}

#[test]
fn an_address_that_is_taken_after_a_lost_answer_is_no_refusal() {
    // The key is forgotten at once, so the repetition meets the user that was made.
    let config = format!("{LOSES}[custody]\nkeys_kept_ms = 1\n");
    let world = World::new(&rows(1), WINDOW, &config);
    world.run(3);
    let states = world.states();
    assert_eq!(states["user in doubt for a person"], 1, "{states:?}");
    world.made().has_nothing_twice();
}

#[test]
fn a_refusal_that_is_replayed_is_corrected_under_a_new_key() {
    let config = "[custody]\nrefuse_email_containing = \"typo\"\nlose_refusals = true\n";
    let wrong = row("A-1", "typo@example.com", "EUR", "N", IBANS[0]);
    let world = World::new(&[wrong], WINDOW, config);
    world.run(3);
    let made = world.made();
    let posts = made.of_kind("user");
    let answers: Vec<_> = posts
        .iter()
        .map(|post| post["answer"].as_str().unwrap())
        .collect();
    assert_eq!(answers, ["lost-422", "422"]);
    assert_eq!(posts[0]["key"], posts[1]["key"]);
    assert_eq!(posts[1]["replay"], true);
    let states = world.states();
    assert!(
        states.keys().any(|key| key.starts_with("user refused")),
        "{states:?}"
    );
    assert_eq!(states["bank account held user refused"], 1, "{states:?}");

    world.export(&[row("A-1", "right@example.com", "EUR", "N", IBANS[0])]);
    let url = world.sandbox.base_url();
    let replan = ["--base-url", &url, "--reason", "corrected"];
    world.ended(&mut world.command(&["replan"], &replan), 0);
    world.run(3);
    let made = world.made();
    made.has_nothing_twice();
    assert_eq!(made.users.len(), 1);
    let posts = made.of_kind("user");
    assert_eq!(posts.len(), 3);
    assert_ne!(posts[2]["key"], posts[0]["key"]);
    assert_ne!(posts[2]["body"], posts[0]["body"]);
    world.sessions(&["A-1"], "");
    // Nobody asked for an update, so that the account has the e-mail address that was corrected for the user alone.
    let told = world.run(3);
    assert!(told.contains("no update is planned 1"), "{told}");
}

#[test]
fn retry_sends_a_refused_one_under_a_new_key() {
    let config = "[custody]\nrefuse_email_containing = \"ann1\"\n";
    let world = World::new(&rows(1), "", config);
    world.run(3);
    world.ended(&mut world.command(&["retry"], &["--reason", "asked"]), 0);
    world.run(3);
    let posts = world.made();
    let posts = posts.of_kind("user");
    assert_eq!(posts.len(), 2);
    assert_ne!(posts[0]["key"], posts[1]["key"]);
    assert!(posts.iter().all(|post| post["replay"] == false));
}

#[test]
fn a_new_plan_leaves_what_is_there_and_drops_what_is_not() {
    let world = World::new(&rows(2), "", "");
    world.run(3);
    world.sessions(&["A-1"], "");
    world.run(3);
    // The first gets a second currency; the second is gone.
    world.export(&[row("A-1", "ann1@example.com", "EUR;GBP", "Y", IBANS[1])]);
    let url = world.sandbox.base_url();
    let replan = ["--base-url", &url, "--reason", "changed"];
    world.ended(&mut world.command(&["replan"], &replan), 0);
    // The session of before is good for it too.
    world.run(0);
    let made = world.made();
    made.has_nothing_twice();
    let currencies: Vec<_> = made
        .accounts
        .keys()
        .filter(|(client, kind, _)| client == "A-1" && kind == "bank account")
        .collect();
    assert_eq!(currencies.len(), 2, "{currencies:?}");
    let lines = world.sheet("custody.csv");
    let former: Vec<_> = lines
        .iter()
        .filter(|line| line["file"].is_empty())
        .collect();
    assert_eq!(former.len(), 1, "{former:?}");
    assert_eq!(
        (
            former[0]["clientAccountId"].as_str(),
            former[0]["kind"].as_str()
        ),
        ("A-2", "user")
    );
}

/// The uuid of a customer's user, as the sandbox has it.
fn user_of(world: &World, client: &str) -> String {
    let ledger = world.sandbox.custody();
    let mut users = ledger["users"].as_array().unwrap().iter();
    let user = users.find(|user| user["client"] == client).unwrap();
    user["uuid"].as_str().unwrap().to_owned()
}

#[test]
fn nobody_gets_the_uuid_of_another_customer() {
    let world = World::new(&rows(2), "", LOSES);
    world.run(3);
    let [first, second] = ["A-1", "A-2"].map(|id| user_of(&world, id));
    let resolve = |arguments: &[&str], code| {
        let why = ["--reason", "looked up in the app"];
        world.ended(world.command(&["resolve"], arguments).args(why), code)
    };
    resolve(&["--user", "A-1", "--as", &first], 0);
    let lines = world.sheet("custody.csv");
    let task = |id: &str| {
        let mut of = lines.iter().filter(|line| line["clientAccountId"] == id);
        of.find(|line| line["kind"] == "user").unwrap()["task"].clone()
    };
    let typed = first.to_uppercase();
    for name in [["--user", "A-2"], ["--custody-task", &task("A-2")]] {
        for uuid in [&first, &typed] {
            let said = resolve(&[name[0], name[1], "--as", uuid], 2);
            assert!(said.contains("that uuid is the user of A-1"), "{said}");
        }
    }
    resolve(&["--user", "A-2", "--as", &second], 0);
    world.sessions(&["A-1", "A-2"], "");
    world.run(0);
    let users: Vec<_> = world
        .sheet("custody-crosswalk.csv")
        .into_iter()
        .filter(|line| line["kind"] == "user")
        .map(|line| line["uuid"].clone())
        .collect();
    assert_eq!(users, [first, second]);
}

#[test]
fn nobody_gets_the_uuid_of_a_customer_of_another_shard() {
    let world = World::new(&rows(8), "", LOSES);
    let url = world.sandbox.base_url();
    let registry = world.folder.path().join("shards.db");
    let registry = registry.to_str().unwrap();
    for shard in ["0/2", "1/2"] {
        let shard = ["--shard", shard, "--registry", registry];
        let arguments = [["--base-url", url.as_str()].as_slice(), &shard].concat();
        world.ended(&mut world.command(&["run"], &arguments), 3);
    }
    let resolve = |id: &str, uuid: &str, shard: &str| {
        let arguments = ["--user", id, "--as", uuid, "--shard", shard];
        let mut command = world.command(&["resolve"], &arguments);
        let why = ["--reason", "looked up in the app"];
        command.args(why).output().unwrap()
    };
    let ids: Vec<String> = (1..=8).map(|n| format!("A-{n}")).collect();
    let (own, others): (Vec<&String>, Vec<&String>) = ids.iter().partition(|id| {
        let done = resolve(id, &user_of(&world, id), "0/2");
        done.status.success()
    });
    let taken = user_of(&world, own[0]);
    let refused = resolve(others[0], &taken, "1/2");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    let told = format!("that uuid is the user of {} already", own[0]);
    assert!(
        said.contains(&told) && said.contains("in shard 0/2"),
        "{said}"
    );
    let right = resolve(others[0], &user_of(&world, others[0]), "1/2");
    assert!(right.status.success());
}

#[test]
fn an_address_that_is_taken_after_a_person_said_not_taken_waits_for_a_person() {
    let world = World::new(&rows(1), "", LOSES);
    world.run(3);
    let why = ["--reason", "not in the app"];
    let mut wrong = world.command(&["resolve"], &["--user", "A-1", "--as", "not-taken"]);
    world.ended(wrong.args(why), 0);
    world.run(3);
    let states = world.states();
    assert_eq!(states["user in doubt for a person"], 1, "{states:?}");
    assert_eq!(world.made().of_kind("user").len(), 2);
    world.run(3);
    assert_eq!(
        world.made().of_kind("user").len(),
        2,
        "it is not sent again"
    );
    let uuid = user_of(&world, "A-1");
    let mut right = world.command(&["resolve"], &["--user", "A-1", "--as", &uuid]);
    world.ended(right.args(why), 0);
    world.sessions(&["A-1"], "");
    world.run(0);
    world.made().has_nothing_twice();
}

#[test]
fn a_refusal_stays_in_the_report_whatever_follows() {
    let config = "[custody]\nrefuse_email_containing = \"ann1\"\n";
    let world = World::new(&rows(1), "", config);
    world.run(3);
    let user = world.sheet("custody.csv").remove(0);
    let (code, message) = (user["code"].clone(), user["message"].clone());
    assert!(!code.is_empty() && !message.is_empty(), "{user:?}");
    let unknown = ["--code", "NO_SUCH_CODE", "--reason", "asked"];
    let said = world.ended(&mut world.command(&["retry"], &unknown), 2);
    assert!(said.contains(&format!("one of: {code}")), "{said}");

    let again = ["--code", &code, "--reason", "asked"];
    let said = world.ended(&mut world.command(&["retry"], &again), 0);
    assert!(said.contains("1 to be sent again"), "{said}");
    world.run(3);
    world.export(&[row("A-1", "right@example.com", "EUR", "Y", IBANS[1])]);
    let url = world.sandbox.base_url();
    let replan = ["--base-url", &url, "--reason", "corrected"];
    world.ended(&mut world.command(&["replan"], &replan), 0);
    world.run(3);
    assert_eq!(world.states()["user accepted"], 1);
    let refused = world.sheet("refused.csv");
    let decisions: Vec<_> = refused
        .iter()
        .map(|line| {
            assert_eq!((&line["code"], &line["message"]), (&code, &message));
            assert_eq!((&*line["clientAccountId"], &*line["row"]), ("A-1", "2"));
            assert_eq!(line["state"], "user refused");
            line["decision"].as_str()
        })
        .collect();
    assert_eq!(
        decisions,
        ["sent again: asked", "changed and planned again: corrected"]
    );
}

#[test]
fn a_refusal_of_a_customer_who_is_gone_stays_in_the_report() {
    let config = "[custody]\nrefuse_email_containing = \"ann2\"\n";
    let world = World::new(&rows(2), "", config);
    world.run(3);
    let standing = world.sheet("refused.csv");
    assert_eq!(standing.len(), 1, "{standing:?}");
    assert_eq!(standing[0]["decision"], "");
    world.export(&rows(1));
    let url = world.sandbox.base_url();
    let replan = ["--base-url", &url, "--reason", "left"];
    world.ended(&mut world.command(&["replan"], &replan), 0);
    world.run(3);
    let kept = world.sheet("refused.csv");
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(kept[0]["decision"], "no longer in the plan: left");
    assert_eq!(kept[0]["code"], standing[0]["code"]);
    assert_eq!(kept[0]["clientAccountId"], "A-2");
}

#[test]
fn nothing_is_made_on_the_user_of_another_customer() {
    let world = World::new(&rows(3), "", "[custody]\none_user_uuid = true\n");
    world.run(3);
    let states = world.states();
    assert_eq!(states["user accepted"], 1, "{states:?}");
    assert_eq!(states["user in doubt for a person"], 2, "{states:?}");
    // The same in a later process, which has the journal alone.
    world.run(3);
    assert_eq!(world.states()["user in doubt for a person"], 2);
    assert_eq!(world.made().of_kind("user").len(), 3);
}

/// A server in front of the sandbox that answers POSTs to this path with another uuid than Bakkt's, once there is one to answer with.
fn answering_with_another(
    world: &World,
    path: &'static str,
) -> (String, Arc<Mutex<Option<String>>>) {
    let another: Arc<Mutex<Option<String>>> = Arc::default();
    let given = another.clone();
    let url = serve(&world.sandbox.base_url(), move |head, _, pass| {
        let answer = String::from_utf8_lossy(&pass()).into_owned();
        let another = given.lock().unwrap().clone();
        let is_asked = head.starts_with(&format!("POST {path} "));
        let at = answer.find("uuid\":\"").map(|at| at + 7);
        let text = match (another, at) {
            (Some(uuid), Some(at)) if is_asked => {
                format!("{}{uuid}{}", &answer[..at], &answer[at + uuid.len()..])
            }
            _ => answer,
        };
        text.into_bytes()
    });
    (url, another)
}

#[test]
fn a_bank_account_with_the_uuid_of_a_user_is_for_a_person() {
    let world = World::new(&rows(2), "", "");
    let (url, another) = answering_with_another(&world, "/user/bank-account/bakkt");
    let run = || world.ended(&mut world.command(&["run"], &["--base-url", &url]), 3);
    run();
    let taken = user_of(&world, "A-2");
    *another.lock().unwrap() = Some(taken.to_uppercase());
    world.sessions(&["A-1"], "");
    run();
    let states = world.states();
    assert_eq!(
        states.get("bank account in doubt for a person"),
        Some(&1),
        "{states:?}"
    );
    assert_eq!(states["savings accepted"], 1, "{states:?}");
    let lines = world.sheet("custody.csv");
    let doubt = lines
        .iter()
        .find(|line| line["state"] == "in doubt")
        .unwrap();
    assert!(doubt["message"].contains(&taken), "{doubt:?}");
    // The customer's own list says under which uuid Bakkt has it; it is not sent again.
    run();
    let crosswalk = world.sheet("custody-crosswalk.csv");
    let mut of_user = crosswalk.iter().filter(|line| line["uuid"] == taken);
    assert_eq!(of_user.next().unwrap()["clientAccountId"], "A-2");
    assert!(of_user.next().is_none(), "{crosswalk:?}");
    assert_eq!(world.made().of_kind("bank account").len(), 1);
}

#[test]
fn a_user_with_the_uuid_of_another_shards_customer_is_for_a_person() {
    let world = World::new(&rows(8), "", "");
    let (url, another) = answering_with_another(&world, "/user");
    let registry = world.folder.path().join("shards.db");
    let registry = registry.to_str().unwrap();
    let run = |shard| {
        let arguments = ["--base-url", &url, "--shard", shard, "--registry", registry];
        world.ended(&mut world.command(&["run"], &arguments), 3)
    };
    run("0/2");
    let users = |shard: &str| {
        let mut lines = world.sheet(&format!("shard-{shard}-of-2/custody.csv"));
        lines.retain(|line| line["kind"] == "user");
        lines
    };
    let taken = users("0")[0]["uuid"].clone();
    *another.lock().unwrap() = Some(taken.clone());
    run("1/2");
    let second = users("1");
    assert!(!second.is_empty());
    for line in second {
        assert_eq!(
            (&*line["state"], &*line["code"]),
            ("in doubt", "for a person")
        );
        assert!(line["message"].contains(&taken), "{line:?}");
    }
}

#[test]
fn a_uuid_that_two_customers_hold_is_corrected_by_a_person() {
    let world = World::new(&rows(2), "", "");
    world.run(3);
    let journal = world.dir().join(".bakkt-migrate/journal.db");
    let change = |sql: &str| {
        let db = rusqlite::Connection::open(&journal).unwrap();
        assert_eq!(db.execute(sql, []).unwrap(), 1, "{sql}");
    };
    let task: i64 = rusqlite::Connection::open(&journal)
        .unwrap()
        .query_row(
            "SELECT id FROM custody_task WHERE client_id = 'A-2' AND kind = 0",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let task = task.to_string();
    let resolve = |arguments: &[&str], code| {
        let why = ["--reason", "looked up in the app"];
        world.ended(world.command(&["resolve"], arguments).args(why), code)
    };
    let own = [
        "3fa85f64-5717-4562-b3fc-2c963f66afa6",
        "3fa85f64-5717-4562-b3fc-2c963f66afa7",
    ];
    // One that is its own is not for a person to change.
    resolve(&["--user", "A-2", "--as", own[0]], 2);
    for (name, own) in [
        (["--user", "A-2"], own[0]),
        (["--custody-task", &task], own[1]),
    ] {
        change(
            "UPDATE custody_task SET uuid = (SELECT uuid FROM custody_task WHERE client_id = 'A-1' AND kind = 0)
             WHERE client_id = 'A-2' AND kind = 0",
        );
        let shared = || {
            // What `audit` says of the change above is another matter.
            world.command(&["report"], &[]).output().unwrap();
            world.sheet("shared-ids.csv").len()
        };
        assert_eq!(shared(), 2);
        let taken = world.sheet("shared-ids.csv")[0]["id"].clone();
        let said = resolve(&[name[0], name[1], "--as", &taken], 2);
        assert!(said.contains("already"), "{said}");
        resolve(&[name[0], name[1], "--as", own], 0);
        assert_eq!(shared(), 0);
    }
}
