//! An order, its lines, and the states it goes through.
