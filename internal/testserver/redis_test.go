package testserver_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"postroom/internal/testserver"
)

func redisClient(t *testing.T, r *testserver.RedisServer) *redis.Client {
	t.Helper()
	opt, err := redis.ParseURL(r.URL)
	if err != nil {
		t.Fatal(err)
	}
	opt.MaxRetries = -1
	opt.ReadTimeout = 200 * time.Millisecond
	c := redis.NewClient(opt)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestRedisWithoutAOFForgetsOnRestart(t *testing.T) {
	t.Parallel()
	r := testserver.Redis(t)
	c := redisClient(t, r)
	if err := c.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	r.Restart()
	if err := redisClient(t, r).Get(t.Context(), "k").Err(); !errors.Is(err, redis.Nil) {
		t.Errorf("get after restart: %v, want redis.Nil", err)
	}
}

func TestRedisWithAOFRemembersAfterKill(t *testing.T) {
	t.Parallel()
	r := testserver.Redis(t, testserver.AOF)
	if err := redisClient(t, r).Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	r.Kill()
	if err := redisClient(t, r).Ping(t.Context()).Err(); err == nil {
		t.Error("a killed Redis still answers")
	}
	r.Restart()
	if got, err := redisClient(t, r).Get(t.Context(), "k").Result(); got != "v" {
		t.Errorf("get after kill and restart: %q, %v", got, err)
	}
}

func TestStoppedRedisIsSilentUntilItGoesOn(t *testing.T) {
	t.Parallel()
	r := testserver.Redis(t)
	c := redisClient(t, r)
	r.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := c.Ping(ctx).Err(); err == nil {
		t.Error("a frozen Redis answered")
	}
	r.Cont()
	if err := redisClient(t, r).Ping(t.Context()).Err(); err != nil {
		t.Errorf("ping after Cont: %v", err)
	}
}
