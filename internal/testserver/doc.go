// Package testserver starts the real servers that tests speak to: Redis,
// PostgreSQL, Postfix, Dovecot and Chromium, and an SMTP server in process
// that can be told to misbehave.
//
// The one idea to know: a server belongs to the test that asked for it. It
// listens on a loopback port that no other test process can be given, keeps
// everything in a folder of its own, is waited for by asking it something
// rather than by sleeping, and is stopped by its process id when the test
// ends. When the test process itself dies without cleaning up, a small shell
// that holds the other end of a pipe stops the server and removes its folder.
// The one exception is the PostgreSQL cluster, which is shared by all tests of
// a process because making one takes a second; each test gets a database.
//
// A machine without one of the programs skips the tests that need it and says
// how to get it. With POSTROOM_REAL=1, as `make test` sets it, a missing
// program is a failure; with -short none of them is started.
package testserver
