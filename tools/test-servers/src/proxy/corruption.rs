//! Answers that arrive otherwise than they were sent.

use fastrand::Rng;

use super::messages::Frame;

/// What is garbled in an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Corruption {
    /// The length of a message of `PostgreSQL`.
    Lengths,
    /// Any bytes.
    Bytes,
}

/// Lengths that a reader may not expect: none, less than the length itself, nearly nothing, the largest.
const LENGTHS: [u32; 6] = [0, 3, 4, 5, 0x7fff_ffff, 0xffff_ffff];

impl Corruption {
    /// Garbles one answer in three.
    pub(super) fn apply(self, bytes: &mut [u8], frames: &[Frame], chance: &mut Rng) {
        if chance.u8(..3) > 0 {
            return;
        }
        match self {
            Self::Lengths => {
                let Some(at) = chance.choice(frames).and_then(|frame| frame.length_at) else { return };
                let length = chance.choice(LENGTHS).unwrap_or_default();
                if let Some(there) = bytes.get_mut(at..at + 4) {
                    there.copy_from_slice(&length.to_be_bytes());
                }
            }
            Self::Bytes => {
                for _ in 0..chance.usize(1..8) {
                    bytes[chance.usize(..bytes.len())] ^= chance.u8(1..);
                }
            }
        }
    }
}
