package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAColourIsOneThatCanBeRead(t *testing.T) {
	t.Parallel()
	for written, good := range map[string]bool{"#0d5c63": true, "0D5C63": true, "#000000": true, "#ffcc00": false, "#ffffff": false} {
		c, err := ParseColour(written)
		if err != nil || (c.ForText() == nil) != good {
			t.Errorf("%s: %v, %v", written, err, c.ForText())
		}
		if instead := c.Until("#000000", light()...); !instead.ReadableOn(light()...) {
			t.Errorf("instead of %s, %s cannot be read either", c, instead)
		}
	}
	for _, written := range []string{"", "red", "#fff", "#0d5c6", "#0d5c63;}", "0x1234"} {
		if _, err := ParseColour(written); err == nil {
			t.Errorf("%q is taken for a colour", written)
		}
	}
	if got := Colour("#000000").Contrast(White); got != 21 {
		t.Errorf("black on white is %v to 1", got)
	}
}

func TestALogoOnlyDraws(t *testing.T) {
	t.Parallel()
	const whole = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><g fill="url(#a)">%</g></svg>`
	for inside, want := range map[string]string{
		`<path d="M0 0h9"/>`: "", `<use xlink:href="#a"/>`: "",
		`<script>x</script>`: "<script>", `<path onload="x"/>`: "a script", `<foreignObject/>`: "<foreignObject>", `<image href="x.png"/>`: "<image>",
		`<use href="https://elsewhere.example/a.svg#b"/>`: "from elsewhere", `<path fill="url( https://elsewhere.example)"/>`: "from elsewhere",
		`<style>@import "x";</style>`: "<style>", `<a href="javascript:x"/>`: "<a>", `<animate/>`: "<animate>", `<g`: "neither",
	} {
		path := filepath.Join(t.TempDir(), "logo.svg")
		if err := os.WriteFile(path, []byte(strings.Replace(whole, "%", inside, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ReadLogo(path)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", inside, err)
		}
	}
	large := filepath.Join(t.TempDir(), "logo.png")
	if err := os.WriteFile(large, make([]byte, logoBytes+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadLogo(large); err == nil || !strings.Contains(err.Error(), "larger") {
		t.Error(err)
	}
}
