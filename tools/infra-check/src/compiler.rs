//! Microsoft's compiler of Bicep, in the version that the snapshots were made with.

use std::{
    env,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    process::Command,
};

mod archive;
mod error;
mod session;

pub use error::{BICEP_VERSION, CompilerError};
pub use session::{Diagnostic, Session, SessionError};

/// Names the program, for every kind of machine.
const PROGRAM: &str = "BICEP";
/// Names an archive of it (xz), where there is no program.
const ARCHIVE: &str = "BICEP_ARCHIVE";

/// The program.
#[derive(Debug, Clone)]
pub struct BicepCompiler {
    program: PathBuf,
    /// The folder where the compiler may unpack a library.
    folder: PathBuf,
}

impl BicepCompiler {
    /// Finds the compiler that `BICEP` names, else the one on `PATH`, else the one in the archive that `BICEP_ARCHIVE`
    /// names, which is unpacked below `target`. `None` if there is no compiler of this version.
    ///
    /// # Errors
    /// When one is named and cannot be used.
    pub fn find(target: &Path) -> Result<Option<Self>, CompilerError> {
        let folder = target.join("tools").join(format!("bicep-{BICEP_VERSION}"));
        let of = |program: PathBuf| Self { program, folder: folder.clone() };
        if let Some(program) = set(PROGRAM) {
            let compiler = of(PathBuf::from(&program));
            let said = compiler.version().unwrap_or_else(|error| error.to_string());
            if !is_version(&said) {
                return Err(CompilerError::Version { program: program.to_string_lossy().into_owned(), said });
            }
            return Ok(Some(compiler));
        }
        let on_path = of(PathBuf::from("bicep"));
        if on_path.version().is_ok_and(|said| is_version(&said)) {
            return Ok(Some(on_path));
        }
        let Some(archive) = set(ARCHIVE) else { return Ok(None) };
        let compiler = of(folder.join("bicep"));
        archive::unpack(Path::new(&archive), &compiler.program)?;
        Ok(Some(compiler))
    }

    /// A process that answers many questions.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn session(&self) -> Result<Session, SessionError> {
        let mut command = self.command();
        command.args(["jsonrpc", "--stdio"]);
        Session::start(command)
    }

    /// The program itself, as it runs on any Linux: without libicu and without a home to write to.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1");
        command.env("DOTNET_BUNDLE_EXTRACT_BASE_DIR", self.folder.join("unpacked"));
        command
    }

    fn version(&self) -> io::Result<String> {
        let output = self.command().arg("--version").output()?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

fn set(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

fn is_version(said: &str) -> bool {
    said.split(' ').any(|word| word == BICEP_VERSION)
}
