package queue

import (
	"context"
	"errors"
	"fmt"

	"postroom/internal/config"
)

// Ping says whether the Redis of the settings answers. The one inside the
// process always does.
func Ping(ctx context.Context, settings config.Redis) error {
	if settings.Mode == config.RedisEmbedded {
		return nil
	}
	client := connector{settings: settings}.client(1)
	err := client.Ping(ctx).Err()
	if err != nil {
		err = fmt.Errorf("ask Redis: %w", err)
	}
	return errors.Join(err, client.Close())
}
