package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"postroom/internal/web"
	"postroom/workers"
)

// drain is how long pages that are being answered may take after the end was
// asked for. Jobs have a little less than the 25 seconds a process has.
const drain = 10 * time.Second

// Run does what the roles ask for until ctx ends, and returns when everything
// begun is finished or given back: at the latest about 25 seconds later.
// handler answers on pages when web is among the roles; any other process
// answers there only how it is.
func (r *Room) Run(ctx context.Context, pages net.Listener, handler http.Handler) error {
	group, ctx := errgroup.WithContext(ctx)
	if !r.has(RoleWeb) {
		handler = r.Web.Probes()
	}
	group.Go(func() error { return r.servePages(ctx, pages, handler) })
	group.Go(func() error { return r.Team.Run(ctx) })
	group.Go(func() error { return r.Wording.Run(ctx) })
	if r.has(RoleWorker) {
		group.Go(func() error { return r.Queue.Run(ctx) })
	} else {
		group.Go(func() error { r.Queue.Announce(ctx); return nil })
	}
	if r.has(RoleMailbox) {
		group.Go(func() error { return r.Mailboxes.Run(ctx) })
	}
	if r.has(RoleScheduler) {
		group.Go(func() error { return r.Scheduler.Run(ctx) })
	}
	if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func (r *Room) has(role Role) bool { return slices.Contains(r.roles, role) }

func (r *Room) servePages(ctx context.Context, pages net.Listener, handler http.Handler) error {
	server := web.NewHTTPServer(pages.Addr().String(), handler, r.Log)
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		stopped <- r.stopPages(context.WithoutCancel(ctx), server)
	}()
	if err := server.Serve(pages); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve pages: %w", err)
	}
	return <-stopped
}

// stopPages waits for the pages being answered, but not for a client that is
// too slow: it is cut off, and nothing it sent was promised.
func (r *Room) stopPages(ctx context.Context, server *http.Server) error {
	ctx, cancel := context.WithTimeout(ctx, drain)
	defer cancel()
	err := server.Shutdown(ctx)
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	r.Log.WarnContext(ctx, "a slow client was cut off")
	return server.Close()
}

// employ gives each kind of job its worker.
func (r *Room) employ() {
	w := workers.New(workers.Options{Store: r.Store, Queue: r.Queue, Workflow: r.Workflow, Outbox: r.Outbox, Arrivals: r.Arrivals, Digests: r.Digests, Campaigns: r.Editions, MyLinks: r.Intake, Clock: r.Clock, Log: r.Log})
	for kind, handler := range w.Handlers() {
		r.Queue.Handle(kind, handler)
	}
	r.Scheduler = workers.NewScheduler(workers.SchedulerOptions{
		Store: r.Store, Workflow: r.Workflow, Alarms: r.Workflow, Digests: r.Digests, Rests: r.Outbox, Words: r.Store, Guardians: r.Workflow, Newsletters: r.Newsletter, Clock: r.Clock, Log: r.Log,
	})
}

// WorkUntilIdle returns when no summary, no step, no alarm and no job is due by the clock. Run must
// be running elsewhere. It is for tests and for the demo's fast-forward.
func (r *Room) WorkUntilIdle(ctx context.Context) error {
	if err := r.orderSummaries(ctx); err != nil {
		return err
	}
	for {
		if err := r.Queue.WorkUntilIdle(ctx); err != nil {
			return err
		}
		if _, err := r.Workflow.Perform(ctx, r.Clock.Now(), 100); err != nil {
			return fmt.Errorf("do due steps: %w", err)
		}
		if _, err := r.Workflow.EscalateAlarms(ctx, r.Clock.Now()); err != nil {
			return fmt.Errorf("tell the next of alarms: %w", err)
		}
		if _, err := r.Workflow.ChaseGuardians(ctx, r.Clock.Now()); err != nil {
			return fmt.Errorf("chase guardians: %w", err)
		}
		if err := errors.Join(r.Newsletter.Begin(ctx, r.Clock.Now()), r.Newsletter.Look(ctx, r.Clock.Now())); err != nil {
			return fmt.Errorf("look after newsletters: %w", err)
		}
		if idle, err := r.idle(ctx); err != nil || idle {
			return err
		}
	}
}

// idle says whether nothing is left to do. Steps and alarms are looked at first:
// what the scheduler does of them in between leaves its job where the last look
// finds it.
func (r *Room) idle(ctx context.Context) (bool, error) {
	read, now := r.Store.Read(ctx), r.Clock.Now()
	steps, err := read.DueSteps(now, 1)
	if err != nil || len(steps) > 0 {
		return false, err
	}
	alarms, err := read.DueAlarms(now, 1)
	if err != nil || len(alarms) > 0 {
		return false, err
	}
	left, err := read.WorkLeft(now)
	return !left, err
}
