package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"postroom/internal/config"
	"postroom/internal/oauth"
)

// mailboxSignIn is for a mailbox that a person opens, and not an administrator:
// it needs no settings, because they lack what it makes.
func (c *command) mailboxSignIn() *cobra.Command {
	var tenant, client, out, at string
	cmd := &cobra.Command{
		Use:   "sign-in --tenant ID --client-id ID --out FILE",
		Short: "Sign in at Microsoft 365 as a mailbox's user, and keep the refresh token in a file",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			file, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return fmt.Errorf("make the file for the refresh token: %w", err)
			}
			base := at + url.PathEscape(tenant) + "/oauth2/v2.0/"
			login := config.MicrosoftUser(client, base+"token")
			refresh, err := oauth.SignIn(cmd.Context(), login, base+"devicecode", func(i oauth.Invitation) {
				fmt.Fprintf(c.stdout, "Open %s in a browser, enter %s, and sign in as the mailbox's user.\n", i.URL, i.Code)
			})
			if err == nil {
				_, err = file.WriteString(refresh + "\n")
			}
			if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
				return errors.Join(err, os.Remove(out))
			}
			fmt.Fprintf(c.stdout, "The refresh token is in %s: write refresh_token_file: %s into the settings.\n", out, out)
			return nil
		},
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "the Directory (tenant) `ID`")
	cmd.Flags().StringVar(&client, "client-id", "", "the Application (client) `ID`")
	cmd.Flags().StringVar(&out, "out", "", "the new `file` for the refresh token")
	cmd.Flags().StringVar(&at, "at", "https://login.microsoftonline.com/", "where Microsoft signs people in")
	for _, needed := range []string{"tenant", "client-id", "out"} {
		_ = cmd.MarkFlagRequired(needed) // the flag is there: it was made above
	}
	return cmd
}
