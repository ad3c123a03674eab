package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"postroom/internal/proof"
)

// Readable is the contrast that text needs to its background (WCAG 2.2, 1.4.3).
const Readable = 4.5

// Colour is a colour as a browser writes it, "#0d5c63". The zero value is none.
type Colour string

// White is a colour that text of the organisation's colour stands on, and that
// stands on it.
const White Colour = "#ffffff"

// ParseColour reads a colour in six figures and letters. The # may be left out.
func ParseColour(written string) (Colour, error) {
	hex := strings.ToLower(strings.TrimPrefix(strings.TrimSpace(written), "#"))
	if _, err := strconv.ParseUint(hex, 16, 32); err != nil || len(hex) != 6 {
		return "", fmt.Errorf("%q is not a colour; write one like #0d5c63", written)
	}
	return Colour("#" + hex), nil
}

// ForText says whether white text on a colour can be read, and text of the colour
// on the paper of the pages. The error says what to choose instead.
func (c Colour) ForText() error {
	if c.ReadableOn(light()...) {
		return nil
	}
	return fmt.Errorf("%s is too light: text in it has a contrast of %.1f to 1, and %.1f is needed; write %s, or another dark colour",
		c, c.least(light()), Readable, c.Until("#000000", light()...))
}

// light are the colours that ours stands on by day. It is white text's background
// as well, and white is the lightest of them.
func light() []Colour { return []Colour{White, "#f7f3ec", "#fbe9dc", "#e2f0e8"} }

// ReadableOn says whether text of the colour can be read on each background.
func (c Colour) ReadableOn(backgrounds ...Colour) bool { return c.least(backgrounds) >= Readable }

func (c Colour) least(backgrounds []Colour) float64 {
	least := math.Inf(1)
	for _, b := range backgrounds {
		least = min(least, c.Contrast(b))
	}
	return least
}

// Contrast is how well one colour can be told from another, from 1 to 21 (WCAG 2.2,
// contrast ratio).
func (c Colour) Contrast(other Colour) float64 {
	a, b := c.luminance(), other.luminance()
	return (max(a, b) + 0.05) / (min(a, b) + 0.05)
}

// Until mixes more and more of another colour in, until the colour can be read on
// each background.
func (c Colour) Until(other Colour, backgrounds ...Colour) Colour {
	for share := 0.0; share < 1; share += 0.02 {
		if mixed := c.Mixed(other, share); mixed.ReadableOn(backgrounds...) {
			return mixed
		}
	}
	return other
}

// Mixed is the colour with a share of another.
func (c Colour) Mixed(other Colour, share float64) Colour {
	a, b := c.parts(), other.parts()
	for i := range a {
		a[i] += (b[i] - a[i]) * share
	}
	return Colour(fmt.Sprintf("#%02x%02x%02x", int(a[0]+0.5), int(a[1]+0.5), int(a[2]+0.5)))
}

func (c Colour) parts() (rgb [3]float64) {
	n, _ := strconv.ParseUint(strings.TrimPrefix(string(c), "#"), 16, 32) // it was read as a colour
	return [3]float64{float64(n >> 16 & 255), float64(n >> 8 & 255), float64(n & 255)}
}

// luminance is how bright the colour is, from 0 to 1 (WCAG 2.2, relative luminance).
func (c Colour) luminance() float64 {
	rgb := c.parts()
	for i, v := range rgb {
		if v /= 255; v <= 0.04045 {
			rgb[i] = v / 12.92
		} else {
			rgb[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*rgb[0] + 0.7152*rgb[1] + 0.0722*rgb[2]
}

func colour(m proof.Map) Colour {
	written := m.Text("colour")
	if written == "" {
		return ""
	}
	c, err := ParseColour(written)
	if err == nil {
		err = c.ForText()
	}
	if err != nil {
		say, instead, _ := strings.Cut(err.Error(), "; write ")
		m.Wrong("colour", say, instead+`, between quotes: colour: "#0d5c63"`)
		return ""
	}
	return c
}
