//! What is bought and on its way: incoming follows it by events, and nothing is received or cut twice.

mod buying;
mod yard;
