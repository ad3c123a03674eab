package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"postroom/internal/config"
)

// LookOf returns where the server of an organisation's pages has the stylesheet with
// its colour, and its logo; "" where it has none. It is for pages beside ours.
func LookOf(org config.Organisation) (style, logo string) {
	l := (&Assets{byName: map[string]string{}, byAddress: map[string][]byte{}, squeezed: map[string][]byte{}}).wear(org)
	return l.Style, l.Logo
}

// look is the address of what makes the pages the organisation's own; "" where it
// has nothing of the kind.
type look struct{ Style, Logo string }

// wear puts the organisation's colour and logo among the files. Both come from our
// own address, because pages fetch nothing from elsewhere and hold no style.
func (a *Assets) wear(org config.Organisation) (l look) {
	if org.Colour != "" {
		l.Style = a.add("look", ".css", []byte(colours(org.Colour)))
	}
	if org.Logo.Ext != "" {
		l.Logo = a.add("logo", org.Logo.Ext, org.Logo.Data)
	}
	return l
}

// add puts a file among the others, at an address with a hash of what is in it.
func (a *Assets) add(name, ext string, data []byte) string {
	sum := sha256.Sum256(data)
	address := "/static/" + name + "." + hex.EncodeToString(sum[:6]) + ext
	a.byName[name+ext], a.byAddress[address] = address, data
	if small := squeeze(data); small != nil {
		a.squeezed[address] = small
	}
	return address
}

// colours is a stylesheet with the organisation's colour for day, and with what
// becomes of it for night: as much lighter as it must be to be read.
func colours(day config.Colour) string {
	const black = config.Colour("#000000")
	night := day.Until(config.White, "#14191b", "#1d2427", "#3b2a20", "#1d342a")
	return fmt.Sprintf(`:root { --main: %s; --main-deep: %s; --on-main: #ffffff; }
@media (prefers-color-scheme: dark) {
  :root { --main: %s; --main-deep: %s; --on-main: #000000; }
}
`, day, day.Mixed(black, 0.25), night, night.Mixed(config.White, 0.3))
}
