// Command postroom is the post room of a community organisation: one program
// that takes in what people send by web form, files it, answers at once and
// keeps its promises later.
//
// The idea a newcomer needs: there is one binary and every subcommand is a
// file of this package that only reads flags and calls a room. "postroom
// demo" shows everything on one machine, "postroom serve" is the real thing.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run is the whole program: everything it needs from outside is an argument.
// It ends when its command is done or ctx ends.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	c := &command{getenv: getenv, stdout: stdout, log: slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level(getenv)}))}
	root := &cobra.Command{
		Use:           "postroom",
		Short:         "The post room of a community organisation",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().StringVar(&c.config, "config", or(getenv("POSTROOM_CONFIG"), "postroom.yaml"), "the settings `file`")
	root.AddCommand(c.demo(), c.init(), c.serve(), c.check(), c.migrate(), c.jobs(), c.submissions(), c.mailbox(), c.programme(), c.letters(), c.triage(), c.inspect(), c.steps(), c.calls(), c.digest(), c.campaign(), c.list(), c.contacts(), c.segment(), c.token(), c.desk(), c.imports(), c.form(), c.translations(), c.version())
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return root.ExecuteContext(ctx)
}

// command is what every subcommand may need.
type command struct {
	config string
	getenv func(string) string
	stdout io.Writer
	log    *slog.Logger
}

func level(getenv func(string) string) slog.Level {
	if getenv("POSTROOM_DEBUG") != "" {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
