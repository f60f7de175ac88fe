//! The envelope entrance: {Data, Metadata} in, {Outputs, Logs, ReturnValue} out.
