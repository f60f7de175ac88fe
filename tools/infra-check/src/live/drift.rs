//! Differences between Azure and the snapshot.

/// A property of which Azure has another value than the snapshot or the assertions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// The type.
    pub kind: String,
    /// The resource.
    pub resource: String,
    /// The path of the property, such as `properties.httpsOnly`.
    pub property: String,
    /// The expected value.
    pub expected: String,
    /// Azure's value.
    pub found: String,
    /// The assertions about the property.
    pub controls: Vec<&'static str>,
}
