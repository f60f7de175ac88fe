//! Makes new inputs out of old ones: of JSON with an eye for its structure, of anything by its bytes.

mod json;
mod print;

use fastrand::Rng;
use serde_json::Value;

/// The longest input, in bytes: longer than each limit that the decoders have, but for the envelope's.
const LONGEST: usize = 70 << 10;
/// Most inputs are kept below this size, in bytes; long ones only cost time.
const USUAL: usize = 4 << 10;

/// A variation of one of the inputs.
pub(crate) fn vary(rng: &mut Rng, inputs: &[Vec<u8>], words: &[&str]) -> Vec<u8> {
    let mut input = rng.choice(inputs).cloned().unwrap_or_default();
    let parsed = serde_json::from_slice::<Value>(&input).ok();
    if let Some(mut value) = parsed.filter(|_| rng.u8(..8) > 0) {
        for _ in 0..rng.u8(1..4) {
            json::vary(rng, &mut value, words);
        }
        input = if rng.bool() { value.to_string().into_bytes() } else { print::irregular(rng, &value) };
        if rng.u8(..4) > 0 {
            return bounded(rng, input);
        }
    }
    for _ in 0..rng.u8(1..5) {
        bytes(rng, &mut input, inputs, words);
    }
    bounded(rng, input)
}

fn bounded(rng: &mut Rng, mut input: Vec<u8>) -> Vec<u8> {
    input.truncate(if rng.u8(..64) == 0 { LONGEST } else { USUAL });
    input
}

/// Changes a few bytes at any place.
fn bytes(rng: &mut Rng, input: &mut Vec<u8>, inputs: &[Vec<u8>], words: &[&str]) {
    let (start, end) = span(rng, input.len());
    match rng.u8(..8) {
        0 if !input.is_empty() => {
            let at = rng.usize(..input.len());
            input[at] ^= 1 << rng.u8(..8);
        }
        1 => drop(input.splice(start..start, [rng.u8(..)])),
        2 => drop(input.drain(start..end)),
        3 => {
            let word = rng.choice(words).copied().unwrap_or_default();
            input.splice(start..end.min(start + word.len()), word.bytes());
        }
        4 => {
            let other = rng.choice(inputs).cloned().unwrap_or_default();
            let (from, to) = span(rng, other.len());
            input.splice(start..end, other[from..to].iter().copied());
        }
        5 => {
            let copy = input[start..end.min(start + 64)].repeat(rng.usize(1..8));
            input.splice(end..end, copy);
        }
        6 => {
            let odd = rng.choice(json::ODD_TEXTS).copied().unwrap_or_default();
            input.splice(start..start, odd.bytes());
        }
        _ => {
            let opening: &[u8] = if rng.bool() { b"[" } else { b"{\"a\":" };
            let many = if rng.u8(..64) == 0 { 10_000 } else { rng.usize(1..40) };
            input.splice(start..start, opening.repeat(many));
        }
    }
}

fn span(rng: &mut Rng, length: usize) -> (usize, usize) {
    let (one, other) = (rng.usize(..=length), rng.usize(..=length));
    (one.min(other), one.max(other))
}
