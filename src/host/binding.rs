//! Values of bindings, in and out, byte-exact.
