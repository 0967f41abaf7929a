//! bakkt-migrate
