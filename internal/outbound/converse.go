package outbound

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net/textproto"
	"strings"
	"time"
)

// converse speaks SMTP for one message. When ctx ends the connection is cut.
func (c *connection) converse(ctx context.Context, patience time.Duration, from, to string, body []byte) *failure {
	stop := context.AfterFunc(ctx, func() { _ = c.wire.Close() })
	defer stop()
	if strings.ContainsAny(from+to, "\r\n") {
		return fail(rcptTo, errors.New("the address is more than one line"))
	}
	if f := c.open(patience, from, to); f != nil {
		return f
	}
	if err := c.UpdateDeadline(5 * patience); err != nil {
		return fail(content, err)
	}
	if f := c.at(content, func() *failure { return c.say(dotted(body)) }); f != nil {
		return f
	}
	return c.at(finalDot, func() *failure { return c.hear(finalDot, 250) })
}

// at does one step between the points of its name where a test may let the
// process die.
func (c *connection) at(step stage, do func() *failure) *failure {
	c.before.At(step.String())
	defer c.before.At(step.String() + " done")
	return do()
}

// envelopeStep is one command of an envelope, and how a good answer begins.
type envelopeStep struct {
	at   stage
	code int
}

// envelopeSteps come in this order.
var envelopeSteps = [...]envelopeStep{{mailFrom, 250}, {rcptTo, 25}, {data, 354}}

// envelope is what says for whom a message is and that it comes next.
func (c *connection) envelope(from, to string) [len(envelopeSteps)]string {
	return [...]string{"MAIL FROM:<" + from + ">" + c.extras + "\r\n", "RCPT TO:<" + to + ">\r\n", "DATA\r\n"}
}

// open says for whom the message is and that it comes next. A server that
// offers it hears all three commands at once, and answers one after the other
// (RFC 2920); another is given a deadline for each.
func (c *connection) open(patience time.Duration, from, to string) *failure {
	commands := c.envelope(from, to)
	if c.pipelines {
		if err := c.UpdateDeadline(patience); err != nil {
			return fail(mailFrom, err)
		}
		for _, command := range commands {
			_, _ = c.Text.W.WriteString(command) // Flush says what went wrong
		}
		if err := c.before.Around("smtp: envelope", c.Text.W.Flush); err != nil {
			return fail(mailFrom, err)
		}
		return c.opened(patience)
	}
	for i, step := range envelopeSteps {
		f := c.at(step.at, func() *failure {
			if err := c.order(patience, strings.TrimSuffix(commands[i], "\r\n")); err != nil {
				return fail(step.at, err)
			}
			return c.hear(step.at, step.code)
		})
		if f != nil {
			return f
		}
	}
	return nil
}

// opened hears the answers to an envelope that was given at once: all of them,
// whatever the first ones are, so that the connection is good for another message. A
// server that waits for a message although it wants no reader of it gets an empty one.
func (c *connection) opened(patience time.Duration) (failed *failure) {
	waits := false
	for _, step := range envelopeSteps {
		f := c.at(step.at, func() *failure { return c.hear(step.at, step.code) })
		waits = step.at == data && f == nil
		if failed == nil {
			failed = f
		}
		if f != nil && (f.code == 0 || f.code == 421) {
			return failed
		}
	}
	if failed != nil && waits {
		_ = c.order(patience, ".")
		_, _, _ = c.Text.ReadResponse(0) // whatever it says to nothing
	}
	return failed
}

// reset makes the server forget the envelope of a message that it did not want.
func (c *connection) reset(patience time.Duration) error {
	if err := c.order(patience, "RSET"); err != nil {
		return err
	}
	_, _, err := c.Text.ReadResponse(250)
	return err
}

// order gives one command.
func (c *connection) order(patience time.Duration, command string) error {
	if err := c.UpdateDeadline(patience); err != nil {
		return err
	}
	return c.Text.PrintfLine("%s", command)
}

// hear reads an answer, which must have a code that begins with expected.
func (c *connection) hear(at stage, expected int) *failure {
	if _, _, err := c.Text.ReadResponse(expected); err != nil {
		return fail(at, err)
	}
	return nil
}

// say writes the message, and then its end by itself:
// from a server that has hung up meanwhile we hear so at the end, which then was
// never sent, and it is content that was lost and not the answer. If the last byte
// was taken, nobody can know.
func (c *connection) say(whole []byte) *failure {
	text, end := whole[:len(whole)-len(theEnd)], whole[len(whole)-len(theEnd):]
	_, err := c.Text.W.Write(text)
	if err == nil {
		err = c.Text.W.Flush()
	}
	if err != nil {
		return fail(content, err)
	}
	_, _ = c.Text.W.Write(end)
	if err := c.Text.W.Flush(); err != nil {
		return fail(content, err)
	}
	return nil
}

// sayAtOnce writes the message, its end and what comes behind that in one go, to a
// server that has answered a moment ago: half the calls of say. If the last byte of
// the end was taken, nobody can know.
func (c *connection) sayAtOnce(whole []byte, behind ...string) *failure {
	all := whole
	for _, command := range behind {
		all = append(all, command...)
	}
	taken, err := c.Text.W.Write(all)
	if err == nil {
		err = c.Text.W.Flush()
	}
	switch taken -= c.Text.W.Buffered(); {
	case err == nil:
		return nil
	case taken < len(whole):
		return fail(content, err)
	}
	return fail(finalDot, err)
}

// theEnd is a dot on a line of its own.
const theEnd = ".\r\n"

// dotted returns a message as DATA wants it: lines end with CR and LF, a dot
// that begins one is doubled, and a dot alone is the end (RFC 5321, section
// 4.5.2). What we have written is so already, but for the end.
func dotted(body []byte) []byte {
	if wellDotted(body) {
		return append(body, theEnd...)
	}
	var b bytes.Buffer
	into := bufio.NewWriter(&b)
	w := textproto.NewWriter(into).DotWriter()
	_, _ = w.Write(body) // a buffer takes everything
	_ = w.Close()
	_ = into.Flush()
	return b.Bytes()
}

// wellDotted says whether a message needs nothing but its end: CR and LF end each line
// and stand nowhere else, and no line begins with a dot.
func wellDotted(body []byte) bool {
	lines, begun := 0, 0
	for begun < len(body) {
		n := bytes.IndexByte(body[begun:], '\n')
		if n < 1 || body[begun] == '.' || body[begun+n-1] != '\r' {
			return false
		}
		lines, begun = lines+1, begun+n+1
	}
	return lines > 0 && lines == bytes.Count(body, []byte("\r"))
}
