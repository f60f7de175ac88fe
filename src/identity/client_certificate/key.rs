//! How strong the key of a certificate is. The chain verifier does not check this key, because it never verifies a
//! signature with it.

/// `SubjectPublicKeyInfo` of keys on one curve, up to the key itself (RFC 5480, RFC 8410).
const CURVES: [&[u8]; 4] = [
    // P-256, P-384 and P-521, as points that are not compressed.
    b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04",
    b"\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00\x04",
    b"\x30\x81\x9b\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23\x03\x81\x86\x00\x04",
    // Ed25519.
    b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00",
];

/// `rsaEncryption` with its parameters, as the identifier of a key (RFC 3279).
const RSA: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";

/// The length of a 2048-bit modulus in DER, with the byte that keeps it positive.
const MIN_MODULUS_BYTES: usize = 257;

/// Whether a key, as its `SubjectPublicKeyInfo` in DER, is RSA of at least 2048 bits, or on a curve of at least 256.
pub(super) fn is_strong(info: &[u8]) -> bool {
    CURVES.iter().any(|start| info.starts_with(start))
        || modulus_length(info).is_some_and(|length| length >= MIN_MODULUS_BYTES)
}

/// The length of an RSA key's modulus as DER writes it: without leading zeros but the one that keeps it positive.
fn modulus_length(info: &[u8]) -> Option<usize> {
    let (info, _) = der_value(info, 0x30)?;
    let (key, _) = der_value(info.strip_prefix(RSA)?, 0x03)?;
    let (numbers, _) = der_value(key.strip_prefix(b"\x00")?, 0x30)?;
    der_value(numbers, 0x02).map(|(_, length)| length)
}

/// The start of a DER value of this tag, and the value's length; none unless the length takes two bytes, as in every
/// RSA key of an accepted strength.
fn der_value(value: &[u8], tag: u8) -> Option<(&[u8], usize)> {
    let [found, 0x82, high, low, rest @ ..] = value else { return None };
    (*found == tag).then(|| (rest, usize::from(u16::from_be_bytes([*high, *low]))))
}
