//! Which shard a scheduler gave this process: `--shard auto`.
//!
//! Owner of the variables of Slurm arrays, AWS Batch arrays and Kubernetes Indexed Jobs. Invariant: what is not certain is
//! refused, because a process that takes another's shard would send nothing, or send beside it. Left out on purpose: starting
//! any of these.

use bakkt_model::error::Failure;
use bakkt_model::shard::Shard;

/// The number of a task of a Slurm array, and what the array is.
const SLURM: [&str; 4] = [
    "SLURM_ARRAY_TASK_ID",
    "SLURM_ARRAY_TASK_COUNT",
    "SLURM_ARRAY_TASK_MIN",
    "SLURM_ARRAY_TASK_MAX",
];
/// The number of a job of an AWS Batch array, and the size of the array.
const BATCH: [&str; 2] = ["AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE"];
/// The number of a pod of a Kubernetes Indexed Job, which does not say how many there are.
const KUBERNETES: &str = "JOB_COMPLETION_INDEX";

/// The shard of this process among `count`, or among as many as the scheduler says.
pub fn shard(count: Option<u32>) -> anyhow::Result<Shard> {
    of(count, |name| std::env::var(name).ok())
}

fn of(count: Option<u32>, variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<Shard> {
    let number = |name: &str| -> anyhow::Result<Option<u32>> {
        let Some(text) = variable(name) else {
            return Ok(None);
        };
        let number = text.parse().map_err(|_| {
            Failure::configuration(
                format!("{name} is set, and is not a number"),
                "name the shard itself, such as --shard 3/16",
            )
        })?;
        Ok(Some(number))
    };
    let set: Vec<&str> = [SLURM[0], BATCH[0], KUBERNETES]
        .into_iter()
        .filter(|name| variable(name).is_some())
        .collect();
    let [name] = set.as_slice() else {
        let what = match set.is_empty() {
            true => "no scheduler gave this process a number".to_owned(),
            false => format!(
                "several schedulers gave this process a number: {}",
                set.join(", ")
            ),
        };
        return Err(Failure::configuration(
            format!("--shard auto: {what}"),
            "it reads SLURM_ARRAY_TASK_ID, AWS_BATCH_JOB_ARRAY_INDEX or JOB_COMPLETION_INDEX; elsewhere name the shard itself, such as --shard 3/16",
        ));
    };
    let index = number(name)?.unwrap_or_default();
    let told = match *name {
        name if name == SLURM[0] => {
            let [size, first, last] = [number(SLURM[1])?, number(SLURM[2])?, number(SLURM[3])?];
            // A part of an array, or one that does not begin at 0, does not say how many shards there are.
            size.filter(|size| {
                first == Some(0) && last.and_then(|last| last.checked_add(1)) == Some(*size)
            })
        }
        name if name == BATCH[0] => number(BATCH[1])?,
        _ => None,
    };
    let Some(count) = count.or(told) else {
        return Err(Failure::configuration(
            format!(
                "--shard auto: {name} is the number of this process, and how many there are is not told"
            ),
            "add how many: --shard auto/16 (a Slurm array tells it when it is whole and begins at 0, such as --array=0-15)",
        ));
    };
    Shard::new(index, count).ok_or_else(|| {
        Failure::configuration(
            format!("--shard auto: {name} is {index}, and there are {count} shards"),
            "shards are numbered from 0: start the array with as many tasks as there are shards, from 0",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(count: Option<u32>, set: &[(&str, &str)]) -> Result<String, String> {
        let variable = |name: &str| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        of(count, variable)
            .map(|shard| shard.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn schedulers_give_numbers() {
        let slurm = |id, size, first, last| {
            [
                ("SLURM_ARRAY_TASK_ID", id),
                ("SLURM_ARRAY_TASK_COUNT", size),
                ("SLURM_ARRAY_TASK_MIN", first),
                ("SLURM_ARRAY_TASK_MAX", last),
            ]
        };
        let batch = [
            ("AWS_BATCH_JOB_ARRAY_INDEX", "3"),
            ("AWS_BATCH_JOB_ARRAY_SIZE", "4"),
        ];
        let pod = [("JOB_COMPLETION_INDEX", "15")];
        assert_eq!(found(None, &slurm("3", "16", "0", "15")).unwrap(), "3/16");
        assert_eq!(found(None, &batch).unwrap(), "3/4");
        assert_eq!(found(Some(16), &pod).unwrap(), "15/16");
        // One task of an array that is started again alone.
        assert_eq!(found(Some(16), &slurm("3", "1", "3", "3")).unwrap(), "3/16");
        for (count, set, why) in [
            (
                None,
                &slurm("3", "1", "3", "3")[..],
                "how many there are is not told",
            ),
            (
                None,
                &slurm("16", "16", "1", "16")[..],
                "how many there are is not told",
            ),
            (None, &pod[..], "how many there are is not told"),
            (Some(4), &pod[..], "there are 4 shards"),
            (None, &[][..], "no scheduler"),
            (Some(4), &[pod[0], batch[0]][..], "several schedulers"),
            (
                Some(4),
                &[("JOB_COMPLETION_INDEX", "x")][..],
                "not a number",
            ),
        ] {
            let said = found(count, set).unwrap_err();
            assert!(said.contains(why), "{said}");
        }
    }
}
