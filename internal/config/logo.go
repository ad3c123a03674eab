package config

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"os"
	"slices"
	"strings"

	"postroom/internal/proof"
)

// What a logo may be: small enough for a slow phone.
const (
	logoBytes = 100 << 10
	logoSide  = 2000 // pixels
)

// Logo is the picture beside the organisation's name. The zero value is none.
type Logo struct {
	Ext  string // ".svg" or ".png", by what is in it
	Data []byte
}

// ReadLogo reads a picture, and refuses what could do more than look like one.
func ReadLogo(path string) (Logo, error) {
	f, err := os.Open(path)
	if err != nil {
		return Logo{}, fmt.Errorf("the logo cannot be read: %w", cause(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, logoBytes+1))
	switch {
	case err != nil:
		return Logo{}, fmt.Errorf("the logo cannot be read: %w", cause(err))
	case len(data) > logoBytes:
		return Logo{}, errors.New("the logo is larger than 100 kB, which is long to wait for on a slow phone")
	case bytes.HasPrefix(data, []byte("\x89PNG")):
		return Logo{Ext: ".png", Data: data}, checkPNG(data)
	}
	return Logo{Ext: ".svg", Data: data}, checkSVG(data)
}

func checkPNG(data []byte) error {
	size, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return errors.New("the logo is not a whole PNG")
	}
	if size.Width > logoSide || size.Height > logoSide {
		return fmt.Errorf("the logo is %d by %d pixels; %d are the most on a side", size.Width, size.Height, logoSide)
	}
	return nil
}

// drawn are the elements of SVG that only draw.
func drawn() []string {
	return []string{"svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "title", "desc", "defs",
		"symbol", "use", "clipPath", "mask", "pattern", "linearGradient", "radialGradient", "stop", "metadata"}
}

// checkSVG refuses a drawing that could run something or fetch something.
func checkSVG(data []byte) error {
	d := xml.NewDecoder(bytes.NewReader(data))
	depth := 0
	for first := true; ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && !first {
			return nil
		}
		if err != nil {
			return errors.New("the logo is neither a PNG nor an SVG that can be read")
		}
		switch t := token.(type) {
		case xml.StartElement:
			if first && t.Name.Local != "svg" {
				return errors.New("the logo is neither a PNG nor an SVG")
			}
			first = false
			if depth++; depth > 64 {
				return errors.New("the logo is drawn in too many layers")
			}
			if err := checkElement(t); err != nil {
				return err
			}
		case xml.EndElement:
			depth--
		case xml.Directive:
			return errors.New("the logo begins with a DOCTYPE; save it as plain SVG")
		case xml.ProcInst:
			if t.Target != "xml" {
				return fmt.Errorf("the logo asks for something from elsewhere (<?%s); save it as plain SVG", t.Target)
			}
		}
	}
}

func checkElement(e xml.StartElement) error {
	if !slices.Contains(drawn(), e.Name.Local) {
		return fmt.Errorf("the logo has a <%s> in it, which may do more than draw; save it as plain SVG", e.Name.Local)
	}
	for _, a := range e.Attr {
		name, value := strings.ToLower(a.Name.Local), strings.ToLower(strings.ReplaceAll(a.Value, " ", ""))
		switch {
		case strings.HasPrefix(name, "on"):
			return fmt.Errorf("the logo has a script in it (%s); save it as plain SVG", a.Name.Local)
		case name == "href" && !strings.HasPrefix(value, "#"), strings.Contains(strings.ReplaceAll(value, "url(#", ""), "url("), strings.Contains(value, "\\"):
			return fmt.Errorf("the logo fetches something from elsewhere (%s); save it as plain SVG with everything in it", a.Name.Local)
		}
	}
	return nil
}

func (r reader) logo(m proof.Map) Logo {
	written := m.Text("logo")
	if written == "" {
		return Logo{}
	}
	logo, err := ReadLogo(r.path(written))
	if err != nil {
		m.Wrong("logo", err.Error(), "the path of an SVG or PNG of at most 100 kB")
		return Logo{}
	}
	return logo
}
