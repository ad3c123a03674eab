package app

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"postroom/internal/config"
	"postroom/internal/inbound"
	"postroom/internal/oauth"
)

// mailbox returns the settings of a mailbox.
func (r *Room) mailbox(address string) (config.Mailbox, bool) {
	i := slices.IndexFunc(r.Config.Mailboxes, func(m config.Mailbox) bool { return strings.EqualFold(m.Address, address) })
	if i < 0 {
		return config.Mailbox{}, false
	}
	return r.Config.Mailboxes[i], true
}

// mailboxToken is where the tokens of mailboxes come from.
func mailboxToken(tokens *oauth.Tokens) func(ctx context.Context, box config.Mailbox, refused string) (string, error) {
	return func(ctx context.Context, box config.Mailbox, refused string) (string, error) {
		return tokens.For(box.OAuth)(ctx, refused)
	}
}

// replyTo is the address for replies about one submission, where the mailbox
// gets mail for it.
func (r *Room) replyTo(mailbox, reference string) string {
	if m, ok := r.mailbox(mailbox); ok && m.Replies == config.PlusReplies {
		return r.Links.ReplyAddress(mailbox, reference)
	}
	return ""
}

// leaveTo is the address to which a letter ends a subscription: of the
// organisation's own mailbox if that gets mail for it, else of the first that
// does.
func (r *Room) leaveTo(subscription string) string {
	mailbox := ""
	for _, m := range r.Config.Mailboxes {
		own := strings.EqualFold(m.Address, r.Config.Organisation.From.Address)
		if m.Replies == config.PlusReplies && (mailbox == "" || own) {
			mailbox = m.Address
		}
	}
	if mailbox == "" {
		return ""
	}
	return r.Links.LeaveAddress(mailbox, subscription)
}

// bouncedTo returns the message of ours for which an address is the envelope
// sender: what stands after the last plus is its Message-ID.
func (r *Room) bouncedTo(address string) (message string, ours bool) {
	local, _, _ := strings.Cut(address, "@")
	at := strings.LastIndexByte(local, '+')
	if at < 0 {
		return "", false
	}
	return r.Links.OwnMessageID(local[at+1:])
}

// ours is how letters are known to be from us or to answer us, as we are now.
func (r *Room) ours() inbound.Ours {
	o := inbound.Ours{OwnMessage: r.Links.OwnMessageID, ReplyTo: r.Links.RepliesTo, BouncedTo: r.bouncedTo, Leaves: r.Links.Leaves, CommandsTo: r.Links.CommandsTo}
	if u, err := url.Parse(r.Config.Organisation.BaseURL); err == nil {
		o.Host = strings.ToLower(u.Hostname())
	}
	for _, p := range r.Programmes.Programmes() {
		for _, address := range p.Addresses {
			o.Mailboxes = append(o.Mailboxes, strings.ToLower(address))
		}
	}
	for _, m := range r.Config.Mailboxes {
		o.Mailboxes = append(o.Mailboxes, strings.ToLower(m.Address))
		if m.AuthservID != "" {
			o.AuthservIDs = append(o.AuthservIDs, m.AuthservID)
		}
	}
	o.WebsiteForms = r.Config.WebsiteForms
	o.Staff = r.staff()
	return o
}

// day writes a day as people say it in a language.
func (r *Room) day(locale string, at time.Time) string {
	return r.Letters.Words(locale, r.Config.Organisation.Zone).Day(at)
}
