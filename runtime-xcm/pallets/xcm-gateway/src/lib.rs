//! XCM in and out of the actor engine.
