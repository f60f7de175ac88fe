//! One host instance: a worker, its listeners, and the strikes against it.
