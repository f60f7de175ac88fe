//! What a migration is asked to do.

use super::Principals;

/// The arguments of `orders-worker migrate`.
#[derive(Clone, Debug, Default, Eq, PartialEq, clap::Args)]
pub struct MigrationOptions {
    /// Who gets a role.
    #[command(flatten)]
    pub principals: Principals,
    /// Copy a PostgreSQL database with text columns, as it was before the first release, to the columns of this version;
    /// stop the apps first
    #[arg(long)]
    pub from_text: bool,
}
