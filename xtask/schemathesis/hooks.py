"""Which answers count: those of the worker.

A refusal by the host or its front, before the worker is asked, has no `instance` and is not ours to describe. A failure
of the host's is: it means that the worker did not answer.
"""

import schemathesis


@schemathesis.hook
def filter_failure(context, failure, case, response):
    return not (400 <= response.status_code < 500) or b'"instance"' in response.content
