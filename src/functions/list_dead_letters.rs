//! `ListDeadLetters`: `GET /api/dead-letters`.

use axum::http::StatusCode;

use super::{
    App,
    view::{DeadLetterView, Page},
};
use crate::{
    host::{Answer, Call},
    policy::ListDeadLetters,
    problem::Problem,
    reply,
    validation::{List, Query},
};

/// Lists the messages that could not be carried out, without their payloads.
///
/// # Errors
/// Every [`Problem`] that contract §3 names for it.
pub async fn list_dead_letters(app: &App, call: Call) -> Result<Answer, Problem> {
    let permit = app.permit::<ListDeadLetters>(&call).await?;
    let slice = Query::of(&call.query).slice(List::DeadLetters, &[])?;
    let listed = app.store.list_dead_letters(&permit, &slice).await?;
    let page = Page::of(&listed, DeadLetterView::from, |letter| List::DeadLetters.cursor(&letter.id));
    Ok(reply::json(StatusCode::OK, &page))
}
