package queue

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"postroom/internal/config"
)

// connector makes clients of the one Redis this process works with.
type connector struct {
	settings config.Redis
	embedded *miniredis.Miniredis
}

// client returns a new client. Nothing is connected before its first command.
func (c connector) client(connections int) redis.UniversalClient {
	o := &redis.UniversalOptions{
		Addrs: c.settings.Addresses, DB: c.settings.DB, MasterName: c.settings.Master,
		Username: c.settings.Username, Password: c.settings.Password.Reveal(),
		IsClusterMode:   c.settings.Mode == config.RedisCluster,
		PoolSize:        connections,
		DialTimeout:     2 * time.Second,
		ReadTimeout:     3 * time.Second,
		MaxRetries:      1, // more is the relay's business
		DialerRetries:   1,
		DisableIdentity: true, // one round trip less; nobody reads it
		// So that a caller's deadline counts also while Redis is silent.
		ContextTimeoutEnabled:    true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	if c.settings.TLS {
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if c.embedded != nil {
		o.Addrs = []string{"embedded"}
		o.Dialer = func(context.Context, string, string) (net.Conn, error) { return c.embedded.Dial() }
	}
	return redis.NewUniversalClient(o)
}
