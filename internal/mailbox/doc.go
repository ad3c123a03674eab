// Package mailbox fetches letters over IMAP and puts them on file.
//
// The idea a newcomer needs: raw first. A letter is on file, with the place it
// lay in and how far the folder has been read, in one transaction, before
// anybody tries to understand it; so a crash repeats a fetch and never loses or
// doubles a letter. Staff work in the same mailbox, so nothing there is marked,
// moved or removed unless the settings ask for it.
package mailbox
