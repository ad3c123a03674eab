package app

import "postroom/internal/translation"

// Translations makes the room that hands texts to people who translate.
func (r *Room) Translations() *translation.Translations {
	return translation.New(translation.Options{Locales: r.locales, Wording: r.Wording, Folder: r.Config.Translations()})
}
