//! `ReplayDeadLetter`: `POST /api/dead-letters/{id}/replay`.

use axum::http::StatusCode;

use super::{App, view::DeadLetterView};
use crate::{
    audit,
    host::{Answer, Call},
    policy::ReplayDeadLetter,
    problem::Problem,
    reply,
    store::Replayed,
    validation::{self, Query},
};

/// Has the message of a dead letter sent again with the next relay; it is then read as if for the first time. An order
/// that failed with it waits to be fulfilled once more.
///
/// # Errors
/// Every [`Problem`] that contract §3 names for it.
pub async fn replay_dead_letter(app: &App, call: Call) -> Result<Answer, Problem> {
    let permit = app.permit::<ReplayDeadLetter>(&call).await?;
    Query::of(&call.query).only(&[])?;
    let id = validation::dead_letter_id(&call)?;
    match app.store.replay_dead_letter(&permit, id, app.stamp(&call.invocation)).await? {
        Replayed::Now(letter) => {
            audit::replayed(&letter, permit.actor().kind);
            Ok(reply::json(StatusCode::ACCEPTED, &DeadLetterView::from(&letter)))
        }
        Replayed::Already => Err(Problem::Conflict("A dead letter can be replayed once.")),
        Replayed::NotFound => Err(Problem::NotFound),
    }
}
