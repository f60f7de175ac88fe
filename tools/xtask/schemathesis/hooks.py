"""Which failures count: those of the worker.

A refusal by the host or its front, before the worker is asked, has no `instance` and is not ours to describe. A failure
without one means that the worker did not answer, unless the request could not be brought to it: the host fails itself on
headers that are not ASCII.
"""

import schemathesis


def is_ascii(value):
    return value.isascii() if isinstance(value, (str, bytes)) else True


@schemathesis.hook
def filter_failure(context, failure, case, response):
    brought = all(map(is_ascii, response.request.headers.values()))
    refused = 400 <= response.status_code < 500 or not brought
    return not refused or b'"instance"' in response.content
