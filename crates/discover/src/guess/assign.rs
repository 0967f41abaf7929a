//! The best way to give each thing at most one other.
//!
//! Owner of [`best`]: the assignment with the greatest sum (the Hungarian method, by shortest augmenting paths). A
//! greedy choice would give a column to the field that it fits well and leave empty the one that nothing else fits: of the
//! naming styles of the tests, `trust` loses the second line of an address by it, with high confidence in the first.

/// For each row the column that it gets, none where nothing is worth it. `worth[row][column]` is not negative; 0 is "no".
pub(crate) fn best(worth: &[Vec<f64>]) -> Vec<Option<usize>> {
    // Most fields have no column that fits at all: they stay without, and cost no time.
    let kept: Vec<usize> = (0..worth.len())
        .filter(|row| worth[*row].iter().any(|worth| *worth > 0.0))
        .collect();
    let of_kept: Vec<&[f64]> = kept.iter().map(|row| worth[*row].as_slice()).collect();
    let mut found = vec![None; worth.len()];
    for (row, column) in kept.into_iter().zip(solve(&of_kept)) {
        found[row] = column;
    }
    found
}

fn solve(worth: &[&[f64]]) -> Vec<Option<usize>> {
    let rows = worth.len();
    let real = worth.first().map_or(0, |row| row.len());
    // One column more, which is always free: that of the rows that stay without.
    let columns = real + 1;
    let cost = |row: usize, column: usize| {
        let gain = worth[row].get(column).copied().unwrap_or(0.0);
        -gain
    };
    // Row and column 0 are outside; the method is the usual one with potentials.
    let (mut u, mut v) = (vec![0.0; rows + 1], vec![0.0; columns + 1]);
    let mut owner = vec![0usize; columns + 1];
    for row in 1..=rows {
        owner[0] = row;
        let mut at = 0;
        let mut least = vec![f64::INFINITY; columns + 1];
        let mut back = vec![0usize; columns + 1];
        let mut used = vec![false; columns + 1];
        while owner[at] != 0 {
            used[at] = true;
            let from = owner[at];
            let (mut delta, mut next) = (f64::INFINITY, 0);
            for column in 1..=columns {
                if used[column] {
                    continue;
                }
                let reduced = cost(from - 1, column - 1) - u[from] - v[column];
                if reduced < least[column] {
                    least[column] = reduced;
                    back[column] = at;
                }
                if least[column] < delta {
                    delta = least[column];
                    next = column;
                }
            }
            for column in 0..=columns {
                if used[column] {
                    u[owner[column]] += delta;
                    v[column] -= delta;
                } else {
                    least[column] -= delta;
                }
            }
            at = next;
        }
        while at != 0 {
            let before = back[at];
            owner[at] = owner[before];
            at = before;
        }
        owner[columns] = 0;
    }
    let mut found = vec![None; rows];
    for column in 1..=real {
        let row = owner[column];
        if row > 0 && worth[row - 1][column - 1] > 0.0 {
            found[row - 1] = Some(column - 1);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_counts_and_not_the_first_choice() {
        // The first row likes column 0 best, but so does the second, which likes nothing else.
        let worth = vec![
            vec![0.9, 0.8, 0.0],
            vec![0.85, 0.1, 0.0],
            vec![0.0, 0.0, 0.0],
        ];
        assert_eq!(best(&worth), [Some(1), Some(0), None]);
        assert!(best(&[]).is_empty());
        assert_eq!(best(&[vec![]]), [None]);
    }

    /// The greatest sum, by trying everything.
    fn most(worth: &[Vec<f64>], used: u32) -> f64 {
        let Some((row, rest)) = worth.split_first() else {
            return 0.0;
        };
        let free = |(column, worth): (usize, &f64)| {
            (used >> column & 1 == 0).then(|| worth + most(rest, used | 1 << column))
        };
        let with = row.iter().enumerate().filter_map(free);
        with.fold(most(rest, used), f64::max)
    }

    #[test]
    fn nothing_is_worth_more_whether_rows_or_columns_are_left_over() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..500 {
            let (rows, columns) = (random.usize(1..7), random.usize(1..5));
            let one = |random: &mut fastrand::Rng| match random.u8(0..3) {
                0 => 0.0,
                _ => random.f64(),
            };
            let worth: Vec<Vec<f64>> = (0..rows)
                .map(|_| (0..columns).map(|_| one(&mut random)).collect())
                .collect();
            let found = best(&worth);
            let given: Vec<usize> = found.iter().filter_map(|column| *column).collect();
            assert!((0..given.len()).all(|place| !given[..place].contains(&given[place])));
            let sum: f64 = found
                .iter()
                .enumerate()
                .filter_map(|(row, column)| Some(worth[row][(*column)?]))
                .sum();
            assert!((sum - most(&worth, 0)).abs() < 1e-9, "{worth:?}");
        }
    }
}
