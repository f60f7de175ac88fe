//! Every citation of this repository leads somewhere, and its prose is in plain words.

mod badges;
mod dependencies;
mod devcontainer;
mod files;
mod links;
mod markdown;
mod outside;
mod words;
