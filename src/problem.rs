//! Every way to say no: problem details (RFC 9457) for the client, a disposition for the host.
