//! Chance that can be repeated: the same seed, the same draws.

/// Draws numbers; `SplitMix64`, whose whole state is one number.
#[derive(Clone, Debug)]
pub(super) struct Rng(u64);

impl Rng {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A second generator, whose draws do not depend on later draws of this one.
    pub(super) fn split(&mut self) -> Self {
        Self(self.draw())
    }

    /// Below `bound`, which is at least 1.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound.max(1)
    }

    /// From `least` to `most`, both included.
    pub(super) fn within(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most - least + 1)
    }

    /// One of the items; none only for an empty list.
    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let index = usize::try_from(self.below(of.len() as u64)).unwrap_or_default();
        of.get(index)
    }

    /// A UUID of version 4.
    pub(super) fn id(&mut self) -> String {
        let (high, low) = (self.draw(), self.draw());
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            low >> 52,
            low & 0xffff_ffff_ffff
        )
    }

    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ten(mut rng: Rng) -> Vec<u64> {
        (0..10).map(|_| rng.below(1000)).collect()
    }

    #[test]
    fn a_seed_determines_the_random_numbers() {
        assert_eq!(ten(Rng::new(7)), ten(Rng::new(7)));
        assert_ne!(ten(Rng::new(7)), ten(Rng::new(8)));
        let mut parent = Rng::new(7);
        assert_ne!(ten(parent.split()), ten(parent.split()));
    }

    #[test]
    fn random_numbers_cover_their_range() {
        let mut rng = Rng::new(1);
        let drawn: Vec<u64> = (0..200).map(|_| rng.within(3, 5)).collect();
        assert!((3..=5).all(|wanted| drawn.contains(&wanted)));
        assert!(drawn.iter().all(|drawn| (3..=5).contains(drawn)));
        assert_eq!(rng.pick::<u8>(&[]), None);
    }
}
