//! Values of columns whose types differ between the engines: PostgreSQL has types of its own for them, SQLite stores
//! text and 64-bit integers.

use sqlx::{
    Database, Decode, Postgres, Sqlite, Type,
    error::BoxDynError,
    postgres::{PgTypeInfo, PgValueRef},
    sqlite::{SqliteTypeInfo, SqliteValueRef},
};
use uuid::Uuid;

use crate::orders::{Digest, parse_uuid};

/// A UUID: `uuid` on PostgreSQL, hyphenated text on SQLite. None where the text is no UUID.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct StoredUuid(pub(super) Option<Uuid>);

/// A SHA-256 digest: 32 bytes of `bytea` on PostgreSQL, 64 hexadecimal digits on SQLite. None where it is neither.
#[derive(Clone, Debug)]
pub(super) struct StoredDigest(Option<Digest>);

/// A whole number: `smallint`, `integer` or `bigint` on PostgreSQL, 64 bits on SQLite.
#[derive(Clone, Copy, Debug)]
pub(super) struct StoredNumber(pub(super) i64);

impl StoredDigest {
    /// Whether it is this digest.
    pub(super) fn is(&self, digest: &Digest) -> bool {
        self.0.as_ref() == Some(digest)
    }
}

impl Type<Postgres> for StoredUuid {
    fn type_info() -> PgTypeInfo {
        <Uuid as Type<Postgres>>::type_info()
    }
}

impl Type<Sqlite> for StoredUuid {
    fn type_info() -> SqliteTypeInfo {
        <str as Type<Sqlite>>::type_info()
    }
}

impl<'r> Decode<'r, Postgres> for StoredUuid {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(Some(<Uuid as Decode<Postgres>>::decode(value)?)))
    }
}

impl<'r> Decode<'r, Sqlite> for StoredUuid {
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(parse_uuid(<&str as Decode<Sqlite>>::decode(value)?)))
    }
}

impl Type<Postgres> for StoredDigest {
    fn type_info() -> PgTypeInfo {
        <[u8] as Type<Postgres>>::type_info()
    }
}

impl Type<Sqlite> for StoredDigest {
    fn type_info() -> SqliteTypeInfo {
        <str as Type<Sqlite>>::type_info()
    }
}

impl<'r> Decode<'r, Postgres> for StoredDigest {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(<Vec<u8> as Decode<Postgres>>::decode(value)?.try_into().ok().map(Digest::from_bytes)))
    }
}

impl<'r> Decode<'r, Sqlite> for StoredDigest {
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(Digest::from_hex(<&str as Decode<Sqlite>>::decode(value)?)))
    }
}

impl Type<Postgres> for StoredNumber {
    fn type_info() -> PgTypeInfo {
        <i64 as Type<Postgres>>::type_info()
    }

    fn compatible(stored: &PgTypeInfo) -> bool {
        [
            <i16 as Type<Postgres>>::type_info(),
            <i32 as Type<Postgres>>::type_info(),
            <i64 as Type<Postgres>>::type_info(),
        ]
        .contains(stored)
    }
}

impl Type<Sqlite> for StoredNumber {
    fn type_info() -> SqliteTypeInfo {
        <i64 as Type<Sqlite>>::type_info()
    }

    fn compatible(stored: &SqliteTypeInfo) -> bool {
        <i64 as Type<Sqlite>>::compatible(stored)
    }
}

impl<'r, DB: Database> Decode<'r, DB> for StoredNumber
where
    i64: Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
        i64::decode(value).map(Self)
    }
}
