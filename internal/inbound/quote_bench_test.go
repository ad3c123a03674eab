package inbound_test

import (
	"strings"
	"testing"

	"postroom/internal/inbound"
	"postroom/internal/letter"
)

const ordinaryAnswer = `Dear all,

thank you, that is very kind. Yes, there are four of us, and we would like to
come on Saturday. My mother needs a seat near the door: she cannot walk far.

Could you tell us whether there is a bus from Bletchley? We are at the stop by
the library at ten.

With many thanks and best wishes
Person One

-- 
Person One
Tel. 01908 234567

On Mon, 23 Nov 2026 at 10:00, Support <support@org.example> wrote:

> Dear Person One,
>
> we have your message. Will you come on Saturday or on Sunday, and how many
> of you are there?
>
> Yours
> Support
`

func BenchmarkVisible(b *testing.B) {
	for name, raw := range map[string]string{
		"plain": "Content-Type: text/plain\n\n" + ordinaryAnswer,
		"page":  "Content-Type: text/html\n\n<div>" + strings.ReplaceAll(ordinaryAnswer, "\n", "</div><div>") + "</div>",
	} {
		l := letter.Read([]byte("From: person@sender.example\nSubject: Re: Hello\nIn-Reply-To: <a@b.example>\n" + raw))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				inbound.Visible(l)
			}
		})
	}
}
