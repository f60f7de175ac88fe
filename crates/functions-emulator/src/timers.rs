//! NCRONTAB schedules and time spans.

mod monitor;
mod status;

use std::{
    path::Path,
    sync::{Arc, PoisonError},
};

use chrono::{DateTime, Utc};
pub use functions_lint::schedule;
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;

use crate::{
    app::{App, Function, TriggerKind},
    cancellation::CancellationToken,
    clock::Clock,
    invoke::{InvocationFailed, Invoker},
    traffic::CallRecorder,
};
use monitor::Monitor;
use schedule::Schedule;
pub use status::TimerStatus;

/// `Data` of a timer invocation; no status for a timer that is not monitored. `is_past_due` means that a run was
/// missed while no host ran.
#[must_use]
pub fn timer_data(
    binding: &str,
    schedule: &Schedule,
    status: Option<&TimerStatus>,
    is_past_due: bool,
) -> Map<String, Value> {
    let status = status.map(|status| {
        let last = dotnet_time(status.last);
        json!({ "Last": last, "Next": dotnet_time(status.next), "LastUpdated": last })
    });
    let info = json!({
        "Schedule": { "AdjustForDST": schedule.adjusts_for_dst() },
        "ScheduleStatus": status,
        "IsPastDue": is_past_due,
    });
    Map::from_iter([(binding.to_owned(), info)])
}

/// The text of a time as .NET writes it: at most seven digits of a second, without zeros at the end; year 1 for `None`.
fn dotnet_time(time: Option<DateTime<Utc>>) -> String {
    let Some(time) = time else { return "0001-01-01T00:00:00+00:00".to_owned() };
    let ticks = format!("{:07}", time.timestamp_subsec_nanos() / 100);
    let fraction = ticks.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{}{point}{fraction}+00:00", time.format("%Y-%m-%dT%H:%M:%S"))
}

/// The timer functions of one app; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Timers(Arc<Vec<Timer>>);

#[derive(Debug)]
struct Timer {
    function: Function,
    schedule: Schedule,
    /// The schedule as it is written.
    schedule_text: String,
    run_on_startup: bool,
    /// A run was missed before this start.
    is_past_due: bool,
    monitor: Monitor,
    invoker: Invoker,
    clock: Clock,
    /// Held while the function runs, so that it never runs twice at once. None inside: not monitored.
    status: Mutex<Option<TimerStatus>>,
    /// When the last run started, monitored or not.
    last: std::sync::Mutex<Option<DateTime<Utc>>>,
}

impl Timers {
    /// Reads the schedules of an app, and in `state` the status of earlier runs.
    ///
    /// # Errors
    /// One sentence for the first schedule that cannot be read.
    pub(crate) fn new(app: &App, state: &Path, invoker: &Invoker, clock: &Clock) -> Result<Self, String> {
        let timers = app.functions.iter();
        let timers = timers.filter_map(|function| Timer::new(function, state, invoker, clock).transpose());
        timers.collect::<Result<_, _>>().map(|timers| Self(Arc::new(timers)))
    }

    /// Fires each timer at its times until it is stopped, and lets a run that has begun end.
    pub(crate) async fn run(self, cancellation: CancellationToken) {
        let mut loops = tokio::task::JoinSet::new();
        for at in 0..self.0.len() {
            let (timers, cancellation) = (self.clone(), cancellation.clone());
            loops.spawn(async move { timers.0[at].run(cancellation).await });
        }
        while loops.join_next().await.is_some() {}
    }

    /// Every timer with its schedule, when its last run started and when the next one will.
    pub(crate) fn overview(&self) -> Value {
        let shown = |timer: &Timer| {
            json!({
                "function": timer.function.name,
                "schedule": timer.schedule_text,
                "last": *timer.last.lock().unwrap_or_else(PoisonError::into_inner),
                "next": timer.schedule.next_after(timer.clock.now()),
                "running": timer.status.try_lock().is_err(),
            })
        };
        self.0.iter().map(shown).collect()
    }

    /// Fires the timer of a function now, after the run that may be under way.
    ///
    /// # Errors
    /// No such timer, or the invocation failed.
    pub(crate) async fn fire(&self, function: &str) -> Result<(), String> {
        self.timer(function)?.fire(false, None).await.map_err(|failed| failed.to_string())
    }

    /// As [`Self::fire`], remembered in a record that the caller has; `is_past_due` as if a run had been missed.
    ///
    /// # Errors
    /// No such timer. The record shows whether the invocation failed.
    pub(crate) async fn fire_recorded(
        &self,
        function: &str,
        is_past_due: bool,
        record: &CallRecorder,
    ) -> Result<(), String> {
        drop(self.timer(function)?.fire(is_past_due, Some(record)).await);
        Ok(())
    }

    fn timer(&self, function: &str) -> Result<&Timer, String> {
        let found = self.0.iter().find(|timer| timer.function.name.eq_ignore_ascii_case(function));
        found.ok_or_else(|| {
            let names: Vec<_> = self.0.iter().map(|timer| timer.function.name.as_str()).collect();
            format!("there is no timer function {function:?}; there are: [{}]", names.join(", "))
        })
    }
}

impl Timer {
    fn new(
        function: &Function,
        state: &Path,
        invoker: &Invoker,
        clock: &Clock,
    ) -> Result<Option<Self>, String> {
        let TriggerKind::Timer { schedule, run_on_startup, use_monitor } = &function.trigger.kind else {
            return Ok(None);
        };
        let schedule_text = schedule.clone();
        let schedule = Schedule::parse(schedule).map_err(|bad| format!("{}: {bad}", function.name))?;
        let now = clock.now();
        let monitored = *use_monitor && !schedule.is_below_a_minute();
        let monitor = Monitor::in_folder(state, &function.name);
        let known = monitored.then(|| monitor.load(&schedule, now));
        Ok(Some(Self {
            function: function.clone(),
            schedule,
            schedule_text,
            run_on_startup: *run_on_startup,
            is_past_due: known.is_some_and(|(_, missed)| missed),
            monitor,
            invoker: invoker.clone(),
            clock: clock.clone(),
            status: Mutex::new(known.map(|(status, _)| status)),
            last: std::sync::Mutex::default(),
        }))
    }

    async fn run(&self, mut cancellation: CancellationToken) {
        if self.run_on_startup || self.is_past_due {
            self.fire_and_log(self.is_past_due).await;
        }
        while let Some(next) = self.schedule.next_after(self.clock.now()) {
            tokio::select! {
                () = cancellation.cancelled() => return,
                () = self.clock.sleep_until(next) => self.fire_and_log(false).await,
            }
        }
    }

    /// A failed run is over: the next one comes on schedule.
    async fn fire_and_log(&self, is_past_due: bool) {
        if let Err(error) = self.fire(is_past_due, None).await {
            tracing::warn!(function = self.function.name, %error, "timer run failed");
        }
    }

    async fn fire(&self, is_past_due: bool, record: Option<&CallRecorder>) -> Result<(), InvocationFailed> {
        let mut status = self.status.lock().await;
        let started = self.clock.now();
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(started);
        let binding = &self.function.trigger.binding;
        let data = timer_data(binding, &self.schedule, status.as_ref(), is_past_due);
        let outcome = match record {
            Some(record) => self.invoker.trigger_recorded(&self.function, data, Map::new(), record).await,
            None => self.invoker.trigger(&self.function, data, Map::new()).await,
        };
        if let Some(status) = status.as_mut() {
            let now = self.clock.now();
            *status = TimerStatus { last: Some(started), next: self.schedule.next_after(now) };
            self.monitor.save(*status, now);
        }
        outcome.map(drop)
    }
}
