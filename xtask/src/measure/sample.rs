//! One start of the worker, from exec to its first answer.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

/// Given up after this time.
const PATIENCE: Duration = Duration::from_secs(10);
/// Wait between two tries: far below what is measured.
const TICK: Duration = Duration::from_micros(100);

/// A worker that has answered; killed when dropped.
pub(super) struct Running {
    worker: Child,
    first_answer: Duration,
    _folder: TempDir,
}

impl Running {
    /// Starts the worker as the host does, with a database of its own, and waits for its first answer.
    pub(super) fn start(worker: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a folder for the database")?;
        let port = free_port().context("cannot find a free port")?;
        let database = folder.path().join("measure.db");
        let mut command = Command::new(worker);
        command
            .current_dir(folder.path())
            // A shell in a container may hold variables that the worker takes for the platform's.
            .env_clear()
            .env("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
            .env("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string())
            .env("ORDERS_DATABASE_URL", format!("sqlite://{}", database.display()))
            .env("ORDERS_IDENTITY", "easyauth")
            .env("WEBSITE_AUTH_ENABLED", "True")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let start = Instant::now();
        let worker = command.spawn().with_context(|| format!("cannot start {}", worker.display()))?;
        let mut running = Self { worker, first_answer: Duration::ZERO, _folder: folder };
        running.wait_for_answer(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), start)?;
        running.first_answer = start.elapsed();
        Ok(running)
    }

    pub(super) fn first_answer(&self) -> Duration {
        self.first_answer
    }

    /// Resident memory, where the system tells (Linux).
    pub(super) fn memory_mib(&self) -> Option<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.worker.id())).ok()?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kib: u32 = resident.trim().strip_suffix(" kB")?.trim().parse().ok()?;
        Some(f64::from(kib) / 1024.0)
    }

    fn wait_for_answer(&mut self, address: SocketAddr, start: Instant) -> anyhow::Result<()> {
        while !answers(address) {
            if let Some(status) = self.worker.try_wait().context("cannot watch the worker")? {
                bail!(
                    "the worker ended before it answered ({status}): run it by `cargo xtask dev` to see why"
                );
            }
            if start.elapsed() > PATIENCE {
                bail!("the worker did not answer within {PATIENCE:?}");
            }
            thread::sleep(TICK);
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // An error means that it has ended by itself.
        drop(self.worker.kill());
        drop(self.worker.wait());
    }
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn answers(address: SocketAddr) -> bool {
    let ask = || {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok::<_, std::io::Error>(status)
    };
    ask().is_ok_and(|status| &status == b"HTTP/1.1 200")
}
