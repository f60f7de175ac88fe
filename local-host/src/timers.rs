//! NCRONTAB schedules and time spans.
