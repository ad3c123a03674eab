package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"postroom/internal/config"
	"postroom/internal/mailbox"
	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/web"
	"postroom/internal/web/desk"
	"postroom/workers"
)

// engine tells the desk how the post room itself is.
type engine struct {
	room *Room
	up   time.Time // when this process began

	mu     sync.Mutex
	counts desk.EngineCounts
	until  time.Time // when they are counted again
}

// countsLast is how long counts are good for that read more than a few rows.
const countsLast = time.Minute

// State is how everything is.
func (e *engine) State(ctx context.Context) (s desk.EngineState, err error) {
	r, now := e.room, e.room.Clock.Now()
	s = desk.EngineState{
		Sends: r.has(RoleWorker), Answers: r.Config.Answers, OnlyTo: r.Config.DeliverOnlyTo, PostsPerMinute: web.PostsPerMinute,
		Engine: r.Store.Engine(), Program: revision(), Up: e.up,
	}
	for _, role := range r.roles {
		s.Roles = append(s.Roles, string(role))
	}
	for _, l := range r.Config.Expiring(now) {
		s.Secrets = append(s.Secrets, desk.EngineSecret{Mailbox: l.Mailbox, Server: l.Server, Ends: l.Expires})
	}
	for _, server := range r.Outbox.Servers() {
		s.Servers = append(s.Servers, desk.EngineServer(server))
	}
	s.Sending = r.sendingLimits()
	s.Free, s.FreeKnown = freeOn(r.Config.Data)
	if s.Mailboxes, err = e.mailboxes(ctx, now); err != nil {
		return s, err
	}
	if err := e.work(ctx, &s, now); err != nil {
		return s, err
	}
	s.EngineCounts, err = e.count(ctx, now)
	return s, err
}

// sendingLimits lists how many mails may leave at a time.
func (r *Room) sendingLimits() (list []desk.EngineLimit) {
	for _, s := range r.Config.SMTP {
		if len(s.Limits) > 0 {
			list = append(list, desk.EngineLimit{Of: "server", Name: s.Name, Limits: s.Limits})
		}
	}
	for _, side := range []struct {
		of string
		by map[string][]config.Limit
	}{{"from", r.Config.Limits.From}, {"to", r.Config.Limits.To}} {
		for _, domain := range slices.Sorted(maps.Keys(side.by)) {
			limit := desk.EngineLimit{Of: side.of, Name: domain, Limits: side.by[domain]}
			if domain == config.EachOther {
				limit.Of += "_others"
			}
			list = append(list, limit)
		}
	}
	return list
}

func (e *engine) mailboxes(ctx context.Context, now time.Time) (list []desk.EngineMailbox, err error) {
	states, err := mailbox.States(e.room.Store.Read(ctx), e.room.Config.Mailboxes, now)
	for _, s := range states {
		box := desk.EngineMailbox{Address: s.Address, Mode: s.Mode, Since: s.Since, Read: s.Polled, Late: s.Late}
		if s.Problem != "" {
			box.Trouble = strings.TrimPrefix(mailboxReason(s.Problem), "reason.mailbox_")
		}
		list = append(list, box)
	}
	return list, err
}

// away is how far ahead jobs are that wait for a mail server: it rests for a
// minute at most, and a little.
const away = 2 * time.Minute

func (e *engine) work(ctx context.Context, s *desk.EngineState, now time.Time) (err error) {
	read := e.room.Store.Read(ctx)
	if s.Lanes, err = read.LaneLoads(now, now.Add(-desk.LateAfter)); err != nil {
		return err
	}
	if s.Piles, err = read.Piles(); err != nil {
		return err
	}
	if s.NextTry, err = read.NextTry(outbound.ReasonServerAway, now.Add(away)); err != nil {
		return err
	}
	if s.Duties, err = read.Duties(); err != nil {
		return err
	}
	if s.Schema, err = read.SchemaVersion(); err != nil {
		return fmt.Errorf("read the version of the schema: %w", err)
	}
	return nil
}

// count counts what takes a while to count, at most once a minute.
func (e *engine) count(ctx context.Context, now time.Time) (c desk.EngineCounts, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if left := e.until.Sub(now); left > 0 && left <= countsLast {
		return e.counts, nil
	}
	read := e.room.Store.Read(ctx)
	if c.Mails, err = read.MailsLately(desk.MailDays); err != nil {
		return c, err
	}
	if c.Watched, err = read.WatchedCounts(); err != nil {
		return c, err
	}
	if c.Database, err = e.room.Store.Size(ctx); err != nil {
		return c, err
	}
	if c.OnFile, err = e.room.Store.Amounts(ctx); err != nil {
		return c, err
	}
	e.counts, e.until = c, now.Add(countsLast)
	return c, nil
}

// Retry makes a job due again that was given up. One that is due again already
// stays as it is.
func (e *engine) Retry(ctx context.Context, by postroom.Colleague, id string) error {
	now := e.room.Clock.Now()
	return e.room.Store.Write(ctx, func(tx *store.Tx) error {
		job, err := tx.Job(id)
		if err != nil || job.State != postroom.JobDead {
			return err
		}
		return workers.Retry(tx, id, by.Name, now)
	})
}

// Drop gives a job up for good. It returns Gone if somebody had it retried
// meanwhile: what is due again is not taken away under their hands.
func (e *engine) Drop(ctx context.Context, by postroom.Colleague, id string) error {
	now := e.room.Clock.Now()
	return e.room.Store.Write(ctx, func(tx *store.Tx) error {
		job, err := tx.Job(id)
		if err != nil {
			return err
		}
		if job.State != postroom.JobDead {
			return &postroom.Error{Kind: postroom.Gone, Cause: errors.New("job " + id + " is " + string(job.State))}
		}
		return workers.Drop(tx, id, by.Name, "on the desk", now)
	})
}

// revision is which program this is.
func revision() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value[:min(len(s.Value), 12)]
			}
		}
	}
	return "unknown"
}
