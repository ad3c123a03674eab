package main

import (
	"fmt"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"postroom/internal/app"
)

// form works with forms: writing, checking and printing them.
func (c *command) form() *cobra.Command {
	cmd := &cobra.Command{Use: "form", Short: "Work with forms"}
	cmd.AddCommand(c.formNew(), c.formCheck(), c.formPreview(), c.formPrint())
	return cmd
}

func (c *command) formPrint() *cobra.Command {
	var lang, out string
	cmd := &cobra.Command{
		Use:   "print NAME",
		Short: "Make a form to fill in with a pen: a page of HTML to print",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.beside(cmd.Context(), func(room *app.Room) error {
				form, ok := room.Programmes.Form(args[0])
				if !ok {
					return fmt.Errorf("there is no form %s", args[0])
				}
				r, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, "/f/"+form.Name+"/print", http.NoBody)
				if err != nil {
					return fmt.Errorf("ask for the page: %w", err)
				}
				pages, err := room.Pages()
				if err != nil {
					return err
				}
				page, err := pages.Print(r, form, lang)
				if err != nil {
					return err
				}
				if out == "" {
					_, err = fmt.Fprint(c.stdout, page)
					return err
				}
				return os.WriteFile(out, []byte(page), 0o644)
			})
		},
	}
	cmd.Flags().StringVar(&lang, "lang", "", "the `language`; the programme's first if left out")
	cmd.Flags().StringVarP(&out, "out", "o", "", "the `file` to write; the screen if left out")
	return cmd
}
