package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func (c *command) version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say which postroom this is",
		Args:  cobra.NoArgs,
		Run: func(*cobra.Command, []string) {
			revision := "unknown"
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						revision = s.Value
					}
				}
			}
			fmt.Fprintf(c.stdout, "postroom %s %s %s/%s\n", revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		},
	}
}
