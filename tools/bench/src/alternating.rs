//! Two workers under the same load, in turn.

/// Rounds, of which the median counts.
pub(crate) const ROUNDS: u32 = 5;
/// Clients at a time; each worker has as many connections to the database.
pub(crate) const CLIENTS: u32 = 16;

/// Measures each of two in every round, and gives what was measured of the first and of the second.
pub(crate) async fn measure<T>(
    mut once: impl AsyncFnMut(u32, usize) -> anyhow::Result<T>,
) -> anyhow::Result<[Vec<T>; 2]> {
    let mut measured = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        for which in turns(round) {
            measured[which].push(once(round, which).await?);
        }
    }
    Ok(measured)
}

/// Each round begins with another one.
fn turns(round: u32) -> [usize; 2] {
    if round.is_multiple_of(2) { [0, 1] } else { [1, 0] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_peer_goes_first_in_turn() {
        assert_eq!([turns(0), turns(1), turns(2)], [[0, 1], [1, 0], [0, 1]]);
    }
}
