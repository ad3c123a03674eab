package outbound

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // the kinds that are read
	"image/jpeg"
	"image/png"

	_ "golang.org/x/image/webp"

	"postroom/internal/postroom"
)

// A picture of an edition lies on our own pages, under an address made of what is in
// it. The address is the same in every copy, so that nobody can tell from who asks for
// it who reads; and a copy stays small, which with the picture in it would be twenty
// times as large.
//
// What is kept is never the file that somebody gave us, but the picture in it, drawn
// anew: a camera writes into its files where it was and whose it is, and a file can be
// a picture and a program at the same time.

const (
	// MaxPictureFile is how large a file with a picture may be, in bytes.
	MaxPictureFile = 15_000_000

	maxPixels   = 40_000_000 // that are read: each takes up to eight bytes of memory
	widestKept  = 1152       // pixels: twice what is shown, for fine screens
	highestKept = 2304
	maxPicture  = 500_000 // bytes that each reader loads
)

// errUnreadable is that a file holds no picture that could be shown.
var errUnreadable = errors.New("is no picture that everybody could see")

// readPicture draws the picture in a file anew, no larger than it is shown, and
// without anything else that the file holds.
func readPicture(data []byte) (p postroom.Picture, wrong, instead string) {
	if len(data) > MaxPictureFile {
		return p, fmt.Sprintf("is larger than %d MB", MaxPictureFile/1_000_000), "a smaller one"
	}
	drawn, kind, err := draw(data)
	if err != nil {
		return p, err.Error(), "a JPEG, PNG, GIF or WebP file"
	}
	ending := "jpg"
	p.Data, err = asJPEG(drawn)
	if kind != "jpeg" { // drawings and signs, which JPEG would blur; and what can be seen through
		if fine, fineErr := asPNG(drawn); fineErr == nil && (!drawn.Opaque() || len(fine) <= max(len(p.Data), maxPicture/4)) {
			p.Data, ending = fine, "png"
		}
	}
	if err != nil {
		return p, errUnreadable.Error(), "another file"
	}
	if len(p.Data) > maxPicture {
		return p, fmt.Sprintf("would make each reader load %d kB, and %d are too many already", len(p.Data)/1000, maxPicture/1000), "a simpler picture, or one that nothing shines through"
	}
	sum, size := sha256.Sum256(p.Data), drawn.Bounds()
	p.Name = fmt.Sprintf("%s-%dx%d.%s", hex.EncodeToString(sum[:16]), size.Dx(), size.Dy(), ending)
	return p, "", ""
}

// draw returns the picture in a file, upright and no larger than it is kept. Of one
// that moves it is the first: moving pictures cannot be stopped in a mail (WCAG 2.2,
// 2.2.2).
func draw(data []byte) (*image.RGBA, string, error) {
	size, kind, err := image.DecodeConfig(bytes.NewReader(data))
	switch {
	case err != nil || size.Width < 1 || size.Height < 1:
		return nil, "", errUnreadable
	case size.Width*size.Height > maxPixels || size.Width > maxPixels:
		return nil, "", fmt.Errorf("has more than %d million pixels", maxPixels/1_000_000)
	}
	from, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, "", errUnreadable
	}
	turned := 1
	if kind == "jpeg" {
		turned = orientation(data)
	}
	wide, high := from.Bounds().Dx(), from.Bounds().Dy()
	if turned >= 5 {
		wide, high = high, wide
	}
	share := min(1, widestKept/float64(wide), highestKept/float64(high))
	wide, high = max(1, int(float64(wide)*share+0.5)), max(1, int(float64(high)*share+0.5))
	if turned >= 5 {
		return upright(smaller(from, high, wide), turned), kind, nil
	}
	return upright(smaller(from, wide, high), turned), kind, nil
}

// smaller draws a picture in a size that is no larger than its own: each pixel is the
// mean of those that it stands for.
func smaller(from image.Image, wide, high int) *image.RGBA {
	to := image.NewRGBA(image.Rect(0, 0, wide, high))
	b := from.Bounds()
	at := func(x, y int) (r, g, b, a uint32) { return from.At(x, y).RGBA() }
	if quick, ok := from.(image.RGBA64Image); ok {
		at = func(x, y int) (r, g, b, a uint32) {
			c := quick.RGBA64At(x, y)
			return uint32(c.R), uint32(c.G), uint32(c.B), uint32(c.A)
		}
	}
	for y := range high {
		top, bottom := b.Min.Y+y*b.Dy()/high, b.Min.Y+max((y+1)*b.Dy()/high, y*b.Dy()/high+1)
		for x := range wide {
			left, right := b.Min.X+x*b.Dx()/wide, b.Min.X+max((x+1)*b.Dx()/wide, x*b.Dx()/wide+1)
			var sum [4]uint64
			for j := top; j < bottom; j++ {
				for i := left; i < right; i++ {
					r, g, b, a := at(i, j)
					sum[0], sum[1], sum[2], sum[3] = sum[0]+uint64(r), sum[1]+uint64(g), sum[2]+uint64(b), sum[3]+uint64(a)
				}
			}
			n := uint64((bottom-top)*(right-left)) * 257
			for i := range sum {
				to.Pix[to.PixOffset(x, y)+i] = uint8((sum[i] + n/2) / n)
			}
		}
	}
	return to
}

// upright turns a picture as its camera says it was held (Exif 2.32, Orientation).
func upright(p *image.RGBA, turned int) *image.RGBA {
	if turned == 1 {
		return p
	}
	w, h := p.Rect.Dx(), p.Rect.Dy()
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	if turned >= 5 {
		to = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			i, j := x, y
			switch turned {
			case 2:
				i = w - 1 - x
			case 3:
				i, j = w-1-x, h-1-y
			case 4:
				j = h - 1 - y
			case 5:
				i, j = y, x
			case 6:
				i, j = h-1-y, x
			case 7:
				i, j = h-1-y, w-1-x
			case 8:
				i, j = y, w-1-x
			}
			to.SetRGBA(i, j, p.RGBAAt(x, y))
		}
	}
	return to
}

// orientation reads how a camera was held out of a JPEG file, from 1, which is
// upright, to 8.
func orientation(data []byte) int {
	for at := 2; at+4 <= len(data) && data[at] == 0xff && data[at+1] != 0xda; {
		length := int(data[at+2])<<8 | int(data[at+3])
		end := at + 2 + length
		if length < 2 || end > len(data) {
			return 1
		}
		if exif, found := bytes.CutPrefix(data[at+4:end], []byte("Exif\x00\x00")); found && data[at+1] == 0xe1 {
			return orientationIn(exif)
		}
		at = end
	}
	return 1
}

// orientationIn reads it out of the first directory of what the camera wrote
// (TIFF 6.0, section 2).
func orientationIn(exif []byte) int {
	if len(exif) < 8 {
		return 1
	}
	number := func(b []byte) (n int) {
		for i := range b {
			if exif[0] == 'I' { // the last is the largest
				n |= int(b[i]) << (8 * i)
			} else {
				n = n<<8 | int(b[i])
			}
		}
		return n
	}
	at := number(exif[4:8])
	if at < 8 || at+2 > len(exif) {
		return 1
	}
	for n := number(exif[at : at+2]); n > 0 && at+14 <= len(exif); n, at = n-1, at+12 {
		entry := exif[at+2 : at+14]
		if turned := number(entry[8:10]); number(entry[:2]) == 0x0112 && turned >= 1 && turned <= 8 {
			return turned
		}
	}
	return 1
}

// asJPEG writes a picture as well as there is room. What shines through is white.
func asJPEG(p *image.RGBA) (data []byte, err error) {
	paper := image.NewRGBA(p.Rect)
	for i := 0; i < len(p.Pix); i += 4 {
		through := 255 - p.Pix[i+3]
		for j := range 3 {
			paper.Pix[i+j] = p.Pix[i+j] + through
		}
		paper.Pix[i+3] = 255
	}
	for _, quality := range []int{84, 70, 55} {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, paper, &jpeg.Options{Quality: quality}); err != nil {
			return nil, fmt.Errorf("write picture: %w", err)
		}
		if data = b.Bytes(); len(data) <= maxPicture {
			break
		}
	}
	return data, nil
}

func asPNG(p *image.RGBA) ([]byte, error) {
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, p); err != nil {
		return nil, fmt.Errorf("write picture: %w", err)
	}
	return b.Bytes(), nil
}
