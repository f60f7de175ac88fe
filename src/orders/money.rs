//! Amounts in minor units, and currencies.
