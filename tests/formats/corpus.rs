//! The cases of `corpus/framings`, and the table of `docs/formats.md`.
