//! Unparsed body → typed request, every wrong field at once.
