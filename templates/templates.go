// Package templates holds everything people read: the mails, the pages, the
// starter programmes and the words of every language.
//
// The idea a newcomer needs: no sentence for a person stands in Go. Each lives
// in a file here, once per language, where somebody who speaks the language
// can correct it; the rooms that use them check them all at the start. The
// files are part of the program, so that it runs without a folder beside it.
package templates

import "embed"

// FS holds email/LOCALE/*.md, digest/LOCALE.md, commands/LOCALE.md, web, desk, static, programme/*.yaml, form/*.yaml, edition/*.md and
// locale/LOCALE.yaml.
//
//go:embed all:email all:web all:static all:programme all:locale all:digest all:commands all:desk all:form all:edition
var FS embed.FS
