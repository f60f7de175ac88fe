//! Why a caller was refused: a closed list for the log, one blank face for the client.

/// The caller could not be identified. The client learns nothing more; the log gets [`Self::reason`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the caller could not be identified")]
pub struct Unauthenticated(pub(super) Reason);

impl Unauthenticated {
    /// One of a closed list of short names, for the log alone. Holds nothing that the caller sent.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.0.text()
    }
}

/// What was wrong with the evidence.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reason {
    BearerMissing,
    BearerRepeated,
    BearerMalformed,
    PrincipalMissing,
    PrincipalRepeated,
    PrincipalTooLarge,
    PrincipalEncoding,
    PrincipalMalformed,
    PrincipalForm,
    ProviderForeign,
    HintRepeated,
    ClaimsTooMany,
    ClaimTooLong,
    ClaimControlCharacter,
    ClaimConflict,
    TenantMissing,
    ObjectMissing,
    TenantForeign,
    KindUnclear,
    ClientMissing,
    ClientNotAllowed,
}

impl Reason {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::BearerMissing => "bearer-missing",
            Self::BearerRepeated => "bearer-repeated",
            Self::BearerMalformed => "bearer-malformed",
            Self::PrincipalMissing => "principal-missing",
            Self::PrincipalRepeated => "principal-repeated",
            Self::PrincipalTooLarge => "principal-too-large",
            Self::PrincipalEncoding => "principal-encoding",
            Self::PrincipalMalformed => "principal-malformed",
            Self::PrincipalForm => "principal-form",
            Self::ProviderForeign => "provider-foreign",
            Self::HintRepeated => "hint-repeated",
            Self::ClaimsTooMany => "claims-too-many",
            Self::ClaimTooLong => "claim-too-long",
            Self::ClaimControlCharacter => "claim-control-character",
            Self::ClaimConflict => "claim-conflict",
            Self::TenantMissing => "tenant-missing",
            Self::ObjectMissing => "object-missing",
            Self::TenantForeign => "tenant-foreign",
            Self::KindUnclear => "kind-unclear",
            Self::ClientMissing => "client-missing",
            Self::ClientNotAllowed => "client-not-allowed",
        }
    }
}
