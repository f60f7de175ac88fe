//! Where the messages of PostgreSQL begin and end, as its documentation describes them
//! (<https://www.postgresql.org/docs/current/protocol-message-formats.html>).

/// Codes of a first message that asks for encryption; the server answers with a single byte.
const ASKS_FOR_ENCRYPTION: [u32; 2] = [80_877_103, 80_877_104];

/// `ReadyForQuery`, outside of a transaction.
pub(super) const READY: &[u8] = b"Z\0\0\0\x05I";

/// Messages after which a client waits for the server.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct RoundTrips {
    pub(super) syncs: usize,
    pub(super) queries: usize,
}

/// What a client sends.
#[derive(Debug)]
pub(super) struct Requests {
    /// Messages before the login begins have no tag.
    untagged: bool,
    reader: Reader,
    single_responses: usize,
}

impl Default for Requests {
    fn default() -> Self {
        Self { untagged: true, reader: Reader::untagged(), single_responses: 0 }
    }
}

impl Requests {
    /// Reads on; returns how many messages that ask for a round trip end here.
    pub(super) fn read(&mut self, bytes: &[u8]) -> RoundTrips {
        let (mut at, mut asked) = (0, RoundTrips::default());
        while at < bytes.len() {
            let Some((message, read)) = self.reader.next(&bytes[at..]) else { break };
            at += read;
            if self.untagged {
                if ASKS_FOR_ENCRYPTION.contains(&u32::from_be_bytes(message.first)) {
                    self.single_responses += 1;
                } else {
                    self.untagged = false;
                    self.reader = Reader::default();
                }
            } else if message.tag == b'S' {
                asked.syncs += 1;
            } else if message.tag == b'Q' {
                asked.queries += 1;
            }
        }
        asked
    }

    /// How many answers of a single byte the client has asked for.
    pub(super) fn single_responses(&self) -> usize {
        self.single_responses
    }
}

/// What a server answers.
#[derive(Debug, Default)]
pub(super) struct Answers {
    reader: Reader,
    single_responses: usize,
    encrypted: bool,
    logged_in: bool,
    /// Whether a statement is complete in the answer that is being read.
    complete: bool,
}

/// A message that ends in the bytes that were read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// The position of the message's length in these bytes; none where it began before them.
    pub(super) length_at: Option<usize>,
    /// The byte after it.
    pub(super) end: usize,
    /// Whether the server waits for the client after it.
    pub(super) ends_answer: bool,
    /// Whether it ends the answer to a statement that is committed.
    pub(super) commits: bool,
}

impl Answers {
    /// Reads on. `single_replies`: how many answers of a single byte the client has asked for so far.
    pub(super) fn read(&mut self, bytes: &[u8], single_responses: usize) -> Vec<Frame> {
        let (mut at, mut frames) = (0, Vec::new());
        while at < bytes.len() && !self.encrypted {
            if self.single_responses < single_responses {
                self.single_responses += 1;
                self.encrypted = bytes[at] != b'N';
                at += 1;
                continue;
            }
            let Some((message, read)) = self.reader.next(&bytes[at..]) else { break };
            let ends_answer = message.tag == b'Z';
            self.complete |= message.tag == b'C';
            frames.push(Frame {
                length_at: message.began.map(|began| at + began + 1),
                end: at + read,
                ends_answer,
                commits: ends_answer && self.complete && message.first[0] == b'I',
            });
            if ends_answer {
                (self.complete, self.logged_in) = (false, true);
            }
            at += read;
        }
        frames
    }

    /// Whether the login is complete; never so on encrypted connections.
    pub(super) fn logged_in(&self) -> bool {
        self.logged_in
    }

    /// Whether messages can be seen.
    pub(super) fn is_readable(&self) -> bool {
        !self.encrypted && !self.reader.lost
    }
}

/// A message that was read to its end.
#[derive(Clone, Copy, Debug)]
struct Message {
    tag: u8,
    /// The first bytes of its body; zeros beyond its end.
    first: [u8; 4],
    /// Where it began in the bytes of this reading; none where it began before them.
    began: Option<usize>,
}

/// Finds the ends of messages, however they are cut.
#[derive(Debug)]
struct Reader {
    head: Vec<u8>,
    head_length: usize,
    /// Bytes of the body that are still to come, once the head is there.
    left: Option<usize>,
    first: [u8; 4],
    seen: usize,
    /// Whether these are no messages at all.
    lost: bool,
}

impl Default for Reader {
    fn default() -> Self {
        Self { head: Vec::new(), head_length: 5, left: None, first: [0; 4], seen: 0, lost: false }
    }
}

impl Reader {
    fn untagged() -> Self {
        Self { head_length: 4, ..Self::default() }
    }

    /// Reads to the end of one message and returns how many bytes that took; none when it does not end in these bytes.
    fn next(&mut self, bytes: &[u8]) -> Option<(Message, usize)> {
        let began = self.head.is_empty().then_some(0);
        let mut at = 0;
        while self.left.is_none() && !self.lost {
            self.head.push(*bytes.get(at)?);
            at += 1;
            if self.head.len() == self.head_length {
                let length = self.head[self.head_length - 4..]
                    .iter()
                    .fold(0, |all, byte| all << 8 | usize::from(*byte));
                // The length counts itself.
                self.left = length.checked_sub(4);
                self.lost = self.left.is_none();
            }
        }
        let (left, rest) = (self.left.filter(|_| !self.lost)?, &bytes[at..]);
        let here = left.min(rest.len());
        for byte in rest[..here].iter().take(4_usize.saturating_sub(self.seen)) {
            self.first[self.seen] = *byte;
            self.seen += 1;
        }
        if here < left {
            self.left = Some(left - here);
            return None;
        }
        let tag = if self.head_length == 5 { self.head[0] } else { 0 };
        let message = Message { tag, first: self.first, began };
        *self = Self { head_length: self.head_length, ..Self::default() };
        Some((message, at + here))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [&[tag][..], &length, body].concat()
    }

    fn untagged(code: u32, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 8).unwrap().to_be_bytes();
        [&length[..], &code.to_be_bytes(), body].concat()
    }

    /// The bytes in pieces of this size.
    fn in_pieces(bytes: &[u8], size: usize, mut read: impl FnMut(&[u8])) {
        bytes.chunks(size).for_each(&mut read);
    }

    #[test]
    fn syncs_are_counted_across_fragments() {
        let bytes = [
            untagged(80_877_103, b""),
            untagged(196_608, b"user\0me\0\0"),
            message(b'P', b"S"),
            message(b'S', b""),
            message(b'B', &[b'S'; 300]),
            message(b'S', b""),
            message(b'Q', b"COMMIT\0"),
        ]
        .concat();
        for size in [1, 2, 3, 7, 1000] {
            let (mut requests, mut syncs, mut queries) = (Requests::default(), 0, 0);
            in_pieces(&bytes, size, |bytes| {
                let asked = requests.read(bytes);
                (syncs, queries) = (syncs + asked.syncs, queries + asked.queries);
            });
            assert_eq!((syncs, queries, requests.single_responses()), (2, 1, 1), "pieces of {size}");
        }
    }

    #[test]
    fn commit_responses_are_recognized() {
        let (idle, within) = (message(b'Z', b"I"), message(b'Z', b"T"));
        let bytes = [
            b"N".to_vec(),
            message(b'R', &[0; 4]),
            idle.clone(),
            message(b'1', b""),
            idle.clone(),
            message(b'C', b"BEGIN\0"),
            within,
            message(b'C', b"COMMIT\0"),
            idle,
        ]
        .concat();
        for size in [1, 2, 5, 1000] {
            let (mut answers, mut commits) = (Answers::default(), Vec::new());
            in_pieces(&bytes, size, |bytes| {
                commits.extend(
                    answers
                        .read(bytes, 1)
                        .iter()
                        .filter(|frame| frame.ends_answer)
                        .map(|frame| frame.commits),
                );
            });
            assert_eq!(commits, [false, false, false, true], "pieces of {size}");
            assert!(answers.logged_in() && answers.is_readable());
        }
    }

    #[test]
    fn encrypted_and_invalid_bytes_pass_through() {
        let mut answers = Answers::default();
        assert!(answers.read(b"S\x16\x03\x03", 1).is_empty() && !answers.is_readable());
        let mut answers = Answers::default();
        assert!(answers.read(b"H\0\0\0\0 200", 0).is_empty() && !answers.is_readable());
    }
}
