//! Example events.

use clap::ValueEnum;

/// An event that comes with the command.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Example {
    /// A JSON body
    Http,
    /// A message in JSON
    QueueJson,
    /// A message of plain text
    QueueText,
    /// A tick on schedule
    Timer,
    /// A tick after a missed one
    TimerPastDue,
    /// The content of a blob
    Blob,
    /// Two changed documents
    CosmosDb,
    /// A blob was created
    EventGrid,
    /// A measurement
    EventHub,
    /// A message in JSON
    ServiceBus,
}

impl Example {
    /// Its text; none for a tick on schedule, which needs none.
    pub(super) fn content(self) -> Option<&'static str> {
        Some(match self {
            Self::Http => include_str!("../../templates/events/http.json"),
            Self::QueueJson => include_str!("../../templates/events/queue.json"),
            Self::QueueText => include_str!("../../templates/events/queue.txt"),
            Self::Timer => return None,
            Self::TimerPastDue => include_str!("../../templates/events/timer-past-due.json"),
            Self::Blob => include_str!("../../templates/events/blob.txt"),
            Self::CosmosDb => include_str!("../../templates/events/cosmos-db.json"),
            Self::EventGrid => include_str!("../../templates/events/event-grid.json"),
            Self::EventHub => include_str!("../../templates/events/event-hub.json"),
            Self::ServiceBus => include_str!("../../templates/events/service-bus.json"),
        })
    }

    /// The type of the trigger that brings such events, as function.json has it.
    fn trigger(self) -> &'static str {
        match self {
            Self::Http => "httpTrigger",
            Self::QueueJson | Self::QueueText => "queueTrigger",
            Self::Timer | Self::TimerPastDue => "timerTrigger",
            Self::Blob => "blobTrigger",
            Self::CosmosDb => "cosmosDBTrigger",
            Self::EventGrid => "eventGridTrigger",
            Self::EventHub => "eventHubTrigger",
            Self::ServiceBus => "serviceBusTrigger",
        }
    }

    /// Whether a trigger of this type brings such events.
    pub(super) fn fits(self, trigger: &str) -> bool {
        self.trigger().eq_ignore_ascii_case(trigger)
    }

    /// The names of the examples that fit a trigger.
    pub(super) fn names_for(trigger: &str) -> Vec<String> {
        let fitting = Self::value_variants().iter().filter(|one| one.fits(trigger));
        fitting.filter_map(|one| Some(one.to_possible_value()?.get_name().to_owned())).collect()
    }
}
