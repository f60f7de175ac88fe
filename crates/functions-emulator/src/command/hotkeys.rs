//! Single keys on a terminal.

use std::io::{self, IsTerminal as _, Read as _};

use rustix::{
    process::getpgrp,
    termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr},
};
use tokio::sync::mpsc;

/// The command of a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Key {
    Restart,
    Open,
    Fault,
    Quit,
}

/// The keys of a terminal, which gives each at once while this lives.
pub(super) struct Hotkeys {
    before: Termios,
    pressed: mpsc::UnboundedReceiver<Key>,
}

impl Hotkeys {
    /// None if there is no terminal, or if its keys are for another program.
    pub(super) fn of_terminal() -> Option<Self> {
        let stdin = io::stdin();
        if !stdin.is_terminal() || !io::stdout().is_terminal() || tcgetpgrp(&stdin) != Ok(getpgrp()) {
            return None;
        }
        let before = tcgetattr(&stdin).ok()?;
        let mut at_once = before.clone();
        at_once.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        tcsetattr(&stdin, OptionalActions::Now, &at_once).ok()?;
        let (press, pressed) = mpsc::unbounded_channel();
        // A separate thread, because reading cannot be cancelled; nothing waits for it at the end.
        std::thread::spawn(move || {
            let mut byte = [0];
            while matches!(io::stdin().read(&mut byte), Ok(1)) {
                if let Some(key) = key(byte[0])
                    && press.send(key).is_err()
                {
                    return;
                }
            }
        });
        Some(Self { before, pressed })
    }
}

impl Drop for Hotkeys {
    fn drop(&mut self) {
        tcsetattr(io::stdin(), OptionalActions::Now, &self.before).ok();
    }
}

/// The next key; never where there are none.
pub(super) async fn next(keys: &mut Option<Hotkeys>) -> Option<Key> {
    if let Some(keys) = keys
        && let Some(key) = keys.pressed.recv().await
    {
        return Some(key);
    }
    std::future::pending().await
}

fn key(byte: u8) -> Option<Key> {
    Some(match byte.to_ascii_lowercase() {
        b'r' => Key::Restart,
        b'o' => Key::Open,
        b'f' => Key::Fault,
        b'q' => Key::Quit,
        _ => return None,
    })
}
