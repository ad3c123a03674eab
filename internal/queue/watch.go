package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

const (
	epochKey = "postroom:epoch" // a random value; another one is another Redis
	wakeKey  = "postroom:wake"  // channel: "lane process"
)

// redisFailed notes that Redis gave an error. Nothing more is handed over
// until watch has found it well again.
func (q *Queue) redisFailed(err error) {
	q.redisOut.hear(err)
	nudge(q.trouble)
}

// watch looks each second, and after every error, whether Redis is there and
// whether it is still the one that holds our tasks.
func (q *Queue) watch(ctx context.Context) {
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-poll.C:
			q.check(ctx, true)
		case <-q.trouble:
			q.check(ctx, false)
		}
	}
}

// check reads the epoch and does what follows from it. Only a check that comes
// with the second ends an outage, so that a Redis which answers here and
// refuses tasks is not tried in a tight loop.
func (q *Queue) check(ctx context.Context, mayResume bool) {
	epoch, made, err := q.readEpoch(ctx)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		q.redisOut.hear(err)
		return
	}
	switch {
	case epoch != q.epoch:
		err = q.newEpoch(ctx, epoch, made)
	case mayResume && q.redisOut.on():
		err = q.takeBack(ctx, q.me)
	default:
		return
	}
	if err != nil {
		q.log.ErrorContext(ctx, "jobs not taken back", "err", err)
		return // the epoch or the outage is still on file: next second again
	}
	q.redisOut.hear(nil)
	q.wakeAll()
}

// newEpoch makes a fresh start with a Redis that does not hold our tasks. The
// process that found it empty takes back the jobs of all, because the others
// may be dead.
func (q *Queue) newEpoch(ctx context.Context, epoch string, made bool) error {
	by := q.me
	if made {
		by = "" // everybody
	}
	if err := q.takeBack(ctx, by); err != nil {
		return err
	}
	if q.epoch != "" {
		q.log.WarnContext(ctx, "redis is another or was emptied; handing over again")
		q.engine.use(q.start())
	}
	q.epoch = epoch
	return nil
}

// readEpoch returns the epoch, and whether we have just made it.
func (q *Queue) readEpoch(ctx context.Context) (epoch string, made bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	for range 2 { // it may vanish once between the two commands
		epoch, err = q.control.Get(ctx, epochKey).Result()
		if !errors.Is(err, redis.Nil) {
			break
		}
		fresh := uuid.NewString()
		err = q.before.Around("redis: epoch", func() (err error) {
			made, err = q.control.SetNX(ctx, epochKey, fresh, 0).Result()
			return err
		})
		if err != nil || made {
			return fresh, made, wrapEpoch(err)
		}
	}
	return epoch, false, wrapEpoch(err)
}

func wrapEpoch(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("read epoch: %w", err)
}

func (q *Queue) takeBack(ctx context.Context, by string) error {
	return q.writeOnce(ctx, func(tx *store.Tx) error {
		_, err := tx.TakeBack(by, q.now())
		return err
	})
}

func (q *Queue) wakeAll() {
	e := q.engine.get()
	for name, l := range q.lanes {
		nudge(l.wake)
		if e != nil {
			e.lanes[name].gate.signal()
		}
	}
}

// outage logs the beginning and the end of an absence, not every error.
type outage struct {
	log  *slog.Logger
	what string
	ring func() // after a change
	mu   sync.Mutex
	away bool
}

func (o *outage) on() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.away
}

func (o *outage) hear(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.away == (err != nil) {
		return
	}
	o.away = err != nil
	if o.away {
		o.log.Warn("not reachable", "step", o.what, "err", err)
	} else {
		o.log.Info("reachable again", "step", o.what)
	}
	o.ring()
}

// hear wakes lanes of which another process has said that they have work.
func (q *Queue) hear(ctx context.Context) {
	if q.embedded != nil {
		return // there is no other process
	}
	sub := q.control.Subscribe(ctx, wakeKey)
	defer sub.Close()
	words := sub.Channel(redis.WithChannelHealthCheckInterval(10 * time.Second))
	for {
		select {
		case <-ctx.Done():
			return
		case word, ok := <-words:
			if !ok {
				return
			}
			q.heard(word.Payload)
		}
	}
}

func (q *Queue) heard(word string) {
	var name, by string
	if _, err := fmt.Sscan(word, &name, &by); err != nil || by == q.me {
		return
	}
	if l := q.lanes[postroom.Lane(name)]; l != nil {
		nudge(l.wake)
	}
}

// tell says to other processes which lanes have work. It is best effort: they
// look each second.
func (q *Queue) tell(ctx context.Context) {
	if q.embedded != nil {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case name := <-q.announce:
			if q.redisOut.on() {
				continue
			}
			err := q.before.Around("redis: publish", func() error {
				return q.control.Publish(ctx, wakeKey, string(name)+" "+q.me).Err()
			})
			if err != nil && ctx.Err() == nil {
				nudge(q.trouble)
			}
		}
	}
}

// Announce tells the workers, which are other processes, when this one has
// made jobs due. It is what a process runs that does no jobs itself; it
// returns when ctx ends.
func (q *Queue) Announce(ctx context.Context) { q.tell(ctx) }
