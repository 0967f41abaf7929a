//! The Idempotency-Key of a custody call.

use uuid::Uuid;

use bakkt_model::custody::CustodyTask;

/// The same for every attempt of a generation: base URL, clientAccountId, task and generation, as a UUIDv5.
pub(super) fn idempotency_key(base_url: &str, task: &CustodyTask) -> String {
    let name = format!(
        "{base_url}\n{}\n{}\n{}\n{}",
        task.client_id,
        task.kind.word(),
        task.item,
        task.generation
    );
    Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bakkt_model::custody::CustodyKind;

    #[test]
    fn a_key_tells_generations_and_tasks_apart_and_nothing_else() {
        let task = CustodyTask {
            id: 1,
            kind: CustodyKind::BankAccount,
            client_id: "A-1".into(),
            item: "EUR".into(),
            at: None,
            hash: [0; 32],
            sent: None,
            attempts: 0,
            generation: 1,
            first_at: None,
            lost: false,
            was_lost: false,
            user_uuid: None,
            parts: Vec::new(),
        };
        let key = |task: &CustodyTask| idempotency_key("https://api.example.com", task);
        let again = CustodyTask {
            attempts: 3,
            lost: true,
            id: 9,
            ..task.clone()
        };
        assert_eq!(key(&task), key(&again));
        let others = [
            CustodyTask {
                generation: 2,
                ..task.clone()
            },
            CustodyTask {
                item: "GBP".into(),
                ..task.clone()
            },
            CustodyTask {
                client_id: "A-2".into(),
                ..task.clone()
            },
            CustodyTask {
                kind: CustodyKind::Recipient,
                ..task.clone()
            },
        ];
        for other in others {
            assert_ne!(key(&task), key(&other));
        }
    }
}
