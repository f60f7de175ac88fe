//! Runs of one target, one after another.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use fastrand::Rng;

use crate::{mutate, panics, targets::FuzzTarget};

/// The most inputs that are kept because their path was new; the oldest are the plainest, so no more are added then.
const MOST: usize = 4096;
/// A decoder that takes longer than this for one input can be starved with it.
const LONGEST: Duration = Duration::from_secs(5);

/// A target, its inputs so far, and what chance holds for them. The same seed and corpus make the same runs.
pub struct Campaign<'t> {
    target: &'t FuzzTarget,
    rng: Rng,
    inputs: Vec<Vec<u8>>,
    paths: HashSet<u64>,
    runs: u64,
}

/// An input for which a property of the target does not hold.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// The input.
    pub input: Vec<u8>,
    /// Which run it was, from 1; the corpus comes first.
    pub run: u64,
    /// The panic and its place, or the time that the run took.
    pub why: String,
}

/// Tries one input.
///
/// # Errors
/// The panic, even where the worker caught it, or the time that the run took, if that was far too long.
pub fn run_input(target: &FuzzTarget, input: &[u8]) -> Result<u64, String> {
    let start = Instant::now();
    let path = panics::listen(|| (target.run)(input))?;
    let taken = start.elapsed();
    if taken > LONGEST { Err(format!("one run took {taken:.1?}")) } else { Ok(path) }
}

impl<'t> Campaign<'t> {
    /// Runs every input of the corpus unchanged.
    ///
    /// # Errors
    /// The first input that violates the target's property.
    pub fn start(target: &'t FuzzTarget, corpus: Vec<Vec<u8>>, seed: u64) -> Result<Self, Failure> {
        let rng = Rng::with_seed(seed);
        let mut campaign = Self { target, rng, inputs: Vec::new(), paths: HashSet::new(), runs: 0 };
        for input in corpus {
            campaign.run_input(&input)?;
            campaign.inputs.push(input);
        }
        Ok(campaign)
    }

    /// Makes this many more runs.
    ///
    /// # Errors
    /// The first input that violates the target's property.
    pub fn run(&mut self, runs: u64) -> Result<(), Failure> {
        for _ in 0..runs {
            let input = mutate::vary(&mut self.rng, &self.inputs, self.target.dictionary);
            if self.run_input(&input)? && self.inputs.len() < MOST {
                self.inputs.push(input);
            }
        }
        Ok(())
    }

    /// Runs so far.
    #[must_use]
    pub fn run_count(&self) -> u64 {
        self.runs
    }

    /// Different paths so far.
    #[must_use]
    pub fn path_count(&self) -> usize {
        self.paths.len()
    }

    /// Whether this input took a path that none took before.
    fn run_input(&mut self, input: &[u8]) -> Result<bool, Failure> {
        self.runs += 1;
        let broken = |why| Failure { input: input.to_vec(), run: self.runs, why };
        let path = run_input(self.target, input).map_err(broken)?;
        Ok(self.paths.insert(path))
    }
}
