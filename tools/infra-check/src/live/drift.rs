//! Where Azure and the snapshot disagree.

/// What Azure says otherwise than the snapshot or the table of controls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// The type.
    pub kind: String,
    /// The resource.
    pub resource: String,
    /// Such as `properties.httpsOnly`.
    pub property: String,
    /// What it has to be.
    pub expected: String,
    /// What Azure says.
    pub found: String,
    /// The lines of the table that are about it.
    pub controls: Vec<&'static str>,
}
