//! Which functions this process serves: those whose folders stand in the app root.
