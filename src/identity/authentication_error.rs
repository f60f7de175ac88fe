//! Why authentication failed: one of a closed list of reasons for the log; the client learns none of them.

/// The caller could not be authenticated. The client learns nothing more than whether to try again; the log gets
/// [`Self::reason`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the caller could not be identified")]
pub struct AuthenticationError(pub(super) Reason);

impl AuthenticationError {
    /// Whether the credentials could not be verified for now: the issuer's keys, or the authorities for certificates,
    /// cannot be had.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self.0, Reason::KeysUnavailable | Reason::AuthoritiesUnavailable) || self.is_overloaded()
    }

    /// Whether too many calls already wait for the issuer's keys, or for the certificate authorities, so that this one
    /// was refused at once: the caller may try again soon.
    #[must_use]
    pub fn is_overloaded(&self) -> bool {
        matches!(self.0, Reason::KeysAwaited | Reason::AuthoritiesAwaited)
    }

    /// Whether two credentials contradict each other, so that one of them was forged or mixed up.
    #[must_use]
    pub fn is_identity_mismatch(&self) -> bool {
        matches!(
            self.0,
            Reason::TenantDisagrees | Reason::ObjectDisagrees | Reason::ClientDisagrees | Reason::IdDisagrees
        )
    }

    /// The reason as one of a closed list of short names, for the log alone. Holds nothing that the caller sent.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.0.as_str()
    }
}

/// What was wrong with the credentials.
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
    TokenMalformed,
    TokenAlgorithm,
    TokenType,
    TokenVersion,
    TokenSignature,
    TokenEarly,
    TokenExpired,
    TokenLifetime,
    KeyMalformed,
    KeyUnknown,
    KeysUnavailable,
    KeysAwaited,
    IssuerForeign,
    AudienceForeign,
    TenantDisagrees,
    ObjectDisagrees,
    ClientDisagrees,
    IdDisagrees,
    CertificateRepeated,
    CertificateTooLarge,
    CertificateEncoding,
    CertificateMalformed,
    CertificateUntrusted,
    CertificateAlgorithm,
    CertificateEarly,
    CertificateExpired,
    CertificateUsage,
    CertificateOfAuthority,
    CertificateKey,
    CertificateRevoked,
    CertificateForeign,
    RevocationUnknown,
    RevocationOutdated,
    AuthoritiesUnavailable,
    AuthoritiesAwaited,
}

impl Reason {
    pub(super) fn as_str(self) -> &'static str {
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
            Self::TokenMalformed => "token-malformed",
            Self::TokenAlgorithm => "token-algorithm",
            Self::TokenType => "token-type",
            Self::TokenVersion => "token-version",
            Self::TokenSignature => "token-signature",
            Self::TokenEarly => "token-early",
            Self::TokenExpired => "token-expired",
            Self::TokenLifetime => "token-lifetime",
            Self::KeyMalformed => "key-malformed",
            Self::KeyUnknown => "key-unknown",
            Self::KeysUnavailable => "keys-unavailable",
            Self::KeysAwaited => "keys-awaited",
            Self::IssuerForeign => "issuer-foreign",
            Self::AudienceForeign => "audience-foreign",
            Self::TenantDisagrees => "tenant-disagrees",
            Self::ObjectDisagrees => "object-disagrees",
            Self::ClientDisagrees => "client-disagrees",
            Self::IdDisagrees => "id-disagrees",
            Self::CertificateRepeated => "certificate-repeated",
            Self::CertificateTooLarge => "certificate-too-large",
            Self::CertificateEncoding => "certificate-encoding",
            Self::CertificateMalformed => "certificate-malformed",
            Self::CertificateUntrusted => "certificate-untrusted",
            Self::CertificateAlgorithm => "certificate-algorithm",
            Self::CertificateEarly => "certificate-early",
            Self::CertificateExpired => "certificate-expired",
            Self::CertificateUsage => "certificate-usage",
            Self::CertificateOfAuthority => "certificate-of-authority",
            Self::CertificateKey => "certificate-key",
            Self::CertificateRevoked => "certificate-revoked",
            Self::CertificateForeign => "certificate-foreign",
            Self::RevocationUnknown => "revocation-unknown",
            Self::RevocationOutdated => "revocation-outdated",
            Self::AuthoritiesUnavailable => "authorities-unavailable",
            Self::AuthoritiesAwaited => "authorities-awaited",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mismatch_and_outage_are_told_from_other_failures() {
        let is = |reason| {
            let refused = AuthenticationError(reason);
            (refused.is_identity_mismatch(), refused.is_temporary())
        };
        for reason in
            [Reason::TenantDisagrees, Reason::ObjectDisagrees, Reason::ClientDisagrees, Reason::IdDisagrees]
        {
            assert_eq!(is(reason), (true, false), "{reason:?}");
        }
        for reason in [
            Reason::KeysUnavailable,
            Reason::KeysAwaited,
            Reason::AuthoritiesUnavailable,
            Reason::AuthoritiesAwaited,
        ] {
            assert_eq!(is(reason), (false, true), "{reason:?}");
        }
        for reason in [Reason::BearerMissing, Reason::TenantForeign, Reason::TokenExpired] {
            assert_eq!(is(reason), (false, false), "{reason:?}");
        }
    }
}
