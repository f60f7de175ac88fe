//! Stubs of the programs that scripts call: they record each call argument by argument, and accept only the calls that
//! a test lists.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

use crate::root;

const PROGRAM: &str = include_str!("stubs/program.sh");

/// What scripts may call beside stubs: programs of every system, which change nothing but files.
const OF_THE_SYSTEM: [&str; 17] = [
    "awk",
    "bash",
    "cat",
    "cp",
    "dirname",
    "env",
    "grep",
    "mkdir",
    "mktemp",
    "rm",
    "sed",
    "sh",
    "sha256sum",
    "tee",
    "touch",
    "tr",
    "true",
];

/// One call that a script makes. Arguments with spaces stand in ‹›; runs of white space are one.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) line: String,
    says: String,
    status: i32,
    effect: String,
    /// Whether the call changes nothing.
    pub(crate) reads: bool,
}

/// A call that only reads, and its answer.
pub(crate) fn read(line: impl Into<String>, says: impl Into<String>) -> Call {
    Call { line: line.into(), says: says.into(), status: 0, effect: String::new(), reads: true }
}

/// A call that changes something.
pub(crate) fn change(line: impl Into<String>) -> Call {
    Call { reads: false, ..read(line, "") }
}

impl Call {
    /// The call, answered with this output.
    pub(crate) fn says(self, says: impl Into<String>) -> Self {
        Self { says: says.into(), ..self }
    }

    /// The call, answered with a failure.
    pub(crate) fn fails(self, says: impl Into<String>) -> Self {
        Self { says: says.into(), status: 1, ..self }
    }

    /// The call, answered by running this bash code.
    pub(crate) fn does(self, effect: impl Into<String>) -> Self {
        Self { effect: effect.into(), ..self }
    }
}

/// A folder like the repository's, with stubs of every program that a test names a call of.
pub(crate) struct Stubs {
    folder: TempDir,
    answers: BTreeMap<usize, String>,
}

impl Stubs {
    pub(crate) fn new(calls: &[Call]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path();
        for name in ["answers", "bin", "files", "project", "tmp"] {
            fs::create_dir(path.join(name)).expect("a folder");
        }
        for name in ["azure.yaml", "infra"] {
            symlink(root().join(name), path.join("project").join(name)).expect("a link");
        }
        let mut stubs = Self { folder, answers: BTreeMap::new() };
        for name in OF_THE_SYSTEM {
            symlink(of_the_system(name), stubs.program(name)).expect("a link");
        }
        stubs.replace_program("sleep", "#!/bin/bash\n");
        stubs.replace_program("uname", "#!/bin/bash\n[[ ${1:-} == -m ]] && echo x86_64 || echo Linux\n");
        stubs.tell(calls);
        stubs
    }

    /// Tells of more calls.
    pub(crate) fn tell(&mut self, calls: &[Call]) {
        for call in calls {
            let number = self.answers.len();
            let answer = self.folder.path().join(format!("answers/{number:04}"));
            fs::create_dir(&answer).expect("a folder");
            let says = if call.says.is_empty() { String::new() } else { format!("{}\n", call.says) };
            for (name, text) in [
                ("call", call.line.as_str()),
                ("says", &says),
                ("status", &call.status.to_string()),
                ("effect", &call.effect),
            ] {
                fs::write(answer.join(name), text).expect("a file");
            }
            self.answers.insert(number, call.line.clone());
            let name = call.line.split(' ').next().unwrap_or_default();
            self.add_program(name);
        }
    }

    /// Adds a program that answers as the test says.
    pub(crate) fn add_program(&self, name: &str) {
        let text = PROGRAM.replace("FOLDER", &self.folder.path().display().to_string());
        let text = text.replace("REAL_PATH", &env::var("PATH").expect("a PATH"));
        let place = if name.contains('/') { self.project().join(name) } else { self.program(name) };
        fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
        let _ = fs::remove_file(&place);
        write_program(&place, &text);
    }

    /// Makes programs that scripts look for.
    pub(crate) fn add_programs(&self, names: &[&str]) {
        for name in names {
            self.add_program(name);
        }
    }

    /// Has a program of this name in place of what it would be otherwise.
    pub(crate) fn replace_program(&self, name: &str, text: &str) {
        let _ = fs::remove_file(self.program(name));
        write_program(&self.program(name), text);
    }

    fn program(&self, name: &str) -> PathBuf {
        self.folder.path().join("bin").join(name)
    }

    /// Where scripts start.
    pub(crate) fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// A command that finds no program but these.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.project()).env("PATH", self.folder.path().join("bin"));
        command.env("HOME", self.folder.path()).env("TMPDIR", self.folder.path().join("tmp"));
        command
    }

    /// Runs a script of infra/scripts.
    pub(crate) fn run(&self, script: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = self.command(&format!("infra/scripts/{script}"));
        command.args(arguments).envs(environment.iter().copied()).output().expect("the script can be started")
    }

    /// Every call until now.
    pub(crate) fn called(&self) -> Vec<String> {
        let text = fs::read_to_string(self.folder.path().join("called")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// What a file held that was shown to a program.
    pub(crate) fn shown(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join("files").join(name)).unwrap_or_default()
    }

    /// Asserts that every call was expected and every expected call was made, and that each body is JSON.
    pub(crate) fn all_told(&self) {
        let unknown = fs::read_to_string(self.folder.path().join("unknown")).unwrap_or_default();
        assert_eq!(unknown, "", "calls that the test did not expect");
        let unused: BTreeSet<_> = self
            .answers
            .iter()
            .filter(|(number, _)| !self.folder.path().join(format!("answers/{number:04}/used")).exists())
            .map(|(_, line)| line)
            .collect();
        assert_eq!(unused, BTreeSet::new(), "calls that were not made");
        for line in self.called() {
            for body in line.split("--body ‹").skip(1).filter_map(|rest| rest.split('›').next()) {
                serde_json::from_str::<serde_json::Value>(body)
                    .unwrap_or_else(|error| panic!("{error}: {body}"));
            }
        }
    }
}

fn of_the_system(name: &str) -> PathBuf {
    let path = env::var_os("PATH").expect("a PATH");
    let found = env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("there is no {name} here: install it"))
}

fn write_program(place: &Path, text: &str) {
    fs::write(place, text).expect("a program");
    fs::set_permissions(place, fs::Permissions::from_mode(0o755)).expect("it can be run");
}

/// The output of a script, which must have succeeded.
pub(crate) fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The error output of a script, which must have failed.
pub(crate) fn complained(output: &Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}
