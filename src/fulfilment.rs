//! The backend that carries orders out.
