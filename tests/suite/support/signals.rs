//! Signals to the worker of an app.

use super::TestApp;

/// Kills the worker as the platform does: no warning.
pub(crate) fn kill(app: &TestApp) {
    send(app, rustix::process::Signal::KILL);
}

/// Asks the worker to end.
pub(crate) fn terminate(app: &TestApp) {
    send(app, rustix::process::Signal::TERM);
}

fn send(app: &TestApp, signal: rustix::process::Signal) {
    let pid = app.host.worker_pid().and_then(|pid| rustix::process::Pid::from_raw(pid.try_into().ok()?));
    if let Some(pid) = pid {
        rustix::process::kill_process(pid, signal).ok();
    }
}
