//! The caller's real request on its real path.

use std::sync::Arc;

use axum_core::{extract::Request, response::Response};
use http_body::Body as _;
use tokio::time::Instant;

use super::{AppState, ReceivedRequest, call_handler, check_failed, hold_slot_until_sent, invalid_response};
use crate::{
    CarriesOutputs, RequestSlot, ServerError, TraceContext,
    endpoint::BoundFunction,
    invocation,
    outcome::{Outcome, with_deadline},
    params::RouteParameters,
    response::{BufferedResponse, InvalidResponse, for_http},
};

impl AppState {
    /// Calls the handler with the request and answers with its response. Outputs cannot leave this way.
    pub(super) async fn direct(
        &self,
        function: &BoundFunction,
        params: Vec<(&'static str, String)>,
        slot: Arc<RequestSlot>,
        request: ReceivedRequest,
    ) -> Outcome {
        let ReceivedRequest { id, parts, body } = request;
        let deadline = Instant::now() + self.app.limits.http_timeout;
        let trace = TraceContext::of(&parts.headers);
        let invocation = invocation::start(id, function.name, trace, self.app.sampler.as_ref());
        let mut request = Request::from_parts(parts, body.into_axum_body());
        self.prepare(&mut request, &invocation, &slot);
        request.extensions_mut().insert(RouteParameters(params));
        request.extensions_mut().insert(CarriesOutputs(false));
        let response = match self.answer(function, request, deadline).await {
            Ok(response) => response,
            Err(error) => self.error_response(error, &invocation),
        };
        let is_whole = response.body().is_end_stream() || response.body().size_hint().exact().is_some();
        Outcome::of(if is_whole { response } else { hold_slot_until_sent(response, slot) })
    }

    async fn answer(
        &self,
        function: &BoundFunction,
        request: Request,
        deadline: Instant,
    ) -> Result<Response, ServerError> {
        let method = request.method().clone();
        let (mut response, outputs) = call_handler(function, request, deadline).await?;
        check_failed(&mut response)?;
        let outputs = outputs.for_host(&function.outputs).map_err(|why| invalid_response(&why))?;
        if !outputs.is_empty() {
            return Err(invalid_response(&InvalidResponse::NoEnvelope));
        }
        if !self.app.is_portable {
            return for_http(response, &method).map_err(|why| invalid_response(&why));
        }
        let whole = with_deadline(deadline, BufferedResponse::read(response)).await?;
        let portable = whole.and_then(BufferedResponse::portable).map_err(|why| invalid_response(&why))?;
        Ok(portable.into_http())
    }
}
