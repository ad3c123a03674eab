package web

import (
	"regexp"
	"testing"

	"postroom/internal/config"
)

// TestAnyColourCanBeReadByNight holds what is made of a colour for a dark page to
// the contrast that text needs.
func TestAnyColourCanBeReadByNight(t *testing.T) {
	t.Parallel()
	main := regexp.MustCompile(`--main: (#[0-9a-f]{6});`)
	for _, day := range []config.Colour{"#0d5c63", "#000000", "#7a0000", "#00008b", "#5b2a86"} {
		found := main.FindAllStringSubmatch(colours(day), -1)
		if len(found) != 2 || config.Colour(found[0][1]) != day {
			t.Fatalf("%s: %v", day, found)
		}
		if night := config.Colour(found[1][1]); !night.ReadableOn("#14191b", "#1d2427", "#000000") {
			t.Errorf("%s becomes %s, which cannot be read", day, night)
		}
	}
}

func TestColourAndLogoAreFilesOfOurOwn(t *testing.T) {
	t.Parallel()
	a := &Assets{byName: map[string]string{}, byAddress: map[string][]byte{}, squeezed: map[string][]byte{}}
	if l := a.wear(config.Organisation{}); l != (look{}) {
		t.Errorf("nothing becomes %v", l)
	}
	l := a.wear(config.Organisation{Colour: "#0d5c63", Logo: config.Logo{Ext: ".svg", Data: []byte("<svg/>")}})
	if a.byAddress[l.Style] == nil || string(a.byAddress[l.Logo]) != "<svg/>" {
		t.Errorf("%v are not there", l)
	}
}

// The desk names the files of the public pages' server.
func TestPagesBesideOursFindTheLookWhereItIs(t *testing.T) {
	t.Parallel()
	org := config.Organisation{Colour: "#0d5c63", Logo: config.Logo{Ext: ".svg", Data: []byte("<svg/>")}}
	a := &Assets{byName: map[string]string{}, byAddress: map[string][]byte{}, squeezed: map[string][]byte{}}
	l := a.wear(org)
	if style, logo := LookOf(org); style != l.Style || logo != l.Logo || style == "" || logo == "" {
		t.Errorf("the look is at %+v, and the desk is told of %s and %s", l, style, logo)
	}
	if style, logo := LookOf(config.Organisation{}); style != "" || logo != "" {
		t.Errorf("nothing becomes %s and %s", style, logo)
	}
}
