//! Environment → settings, once; every fault named at once.
