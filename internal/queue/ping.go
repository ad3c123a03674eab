package queue

import (
	"context"
	"errors"
	"fmt"

	"postroom/internal/config"
)

// Ping says whether the Redis of the settings answers.
func Ping(ctx context.Context, settings config.Redis) error {
	client := connector{settings: settings}.client(1)
	err := client.Ping(ctx).Err()
	if err != nil {
		err = fmt.Errorf("ask Redis: %w", err)
	}
	return errors.Join(err, client.Close())
}
