//! What is bought and on its way: incoming follows it by events, promises follow it in order, and nothing is received, cut
//! or promised twice.

mod buying;
mod many;
mod promises;
mod yard;
