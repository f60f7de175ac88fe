//! Colours, where a person is looking.

#[derive(Clone, Copy, Debug)]
pub(super) enum Colour {
    Red,
    Green,
    Yellow,
    Grey,
}

/// Colours text or leaves it alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint(bool);

impl Paint {
    #[cfg(test)]
    pub(super) const PLAIN: Self = Self(false);

    /// By the rule of all commands: [`terminal::use_colors`].
    pub(super) fn for_stdout() -> Self {
        Self(terminal::use_colors())
    }

    pub(super) fn with(self, colour: Colour, text: &str) -> String {
        let code = match colour {
            Colour::Red => 31,
            Colour::Green => 32,
            Colour::Yellow => 33,
            Colour::Grey => 90,
        };
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
