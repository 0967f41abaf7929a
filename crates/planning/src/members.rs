//! Which records of a plan fall to the shard that is planned.
//!
//! Owner of [`ShardMembers`], a bit for each record of the export. The whole export is read and compared for every shard, so
//! that findings are the same in all of them; what is kept is kept of the members. Left out on purpose: the rule by which a
//! record falls to a shard (`model::shard`).

use bakkt_model::shard::Shard;

/// The records of a shard, or all of them.
#[derive(Debug, Default)]
pub struct ShardMembers {
    shard: Option<Shard>,
    /// By number of the record; empty without a shard.
    bits: Vec<u64>,
}

impl ShardMembers {
    /// Of a shard; none: everything is a member.
    pub(crate) fn new(shard: Option<Shard>) -> ShardMembers {
        ShardMembers {
            shard,
            bits: Vec::new(),
        }
    }

    /// Notes a record, by its clientAccountId and the line of its row; records come in order.
    pub(crate) fn note(&mut self, record: u32, client_id: Option<&str>, row: u64) {
        let Some(shard) = self.shard else { return };
        let (word, bit) = (record as usize / 64, record % 64);
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        self.bits[word] |= u64::from(shard.has(client_id, row)) << bit;
    }

    /// Whether a record is a member; 0 stands for what belongs to no record.
    pub fn has(&self, record: u32) -> bool {
        match (self.shard, record) {
            (None, _) => true,
            (Some(shard), 0) => shard.has_rest(),
            (Some(_), record) => {
                let word = self.bits.get(record as usize / 64);
                word.is_some_and(|word| word >> (record % 64) & 1 == 1)
            }
        }
    }

    /// Whether there are records of other shards.
    pub(crate) fn is_part(&self) -> bool {
        self.shard.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_is_a_member_of_one_shard() {
        let mut all: Vec<ShardMembers> = Shard::all(3)
            .map(|one| ShardMembers::new(Some(one)))
            .collect();
        for record in 1..200u32 {
            let id = format!("C-{record}");
            for members in &mut all {
                members.note(
                    record,
                    (record % 5 > 0).then_some(&id),
                    u64::from(record) + 1,
                );
            }
        }
        for record in 0..200 {
            assert_eq!(
                all.iter().filter(|members| members.has(record)).count(),
                1,
                "{record}"
            );
        }
        assert!(all[0].has(0) && ShardMembers::default().has(7));
    }
}
