package postroom

import (
	"regexp"
	"strconv"
	"strings"
)

// Picture is a picture in an edition. It lies on our own pages under a name that is
// made of what is in it, so that all readers ask for it at the same address, and
// whoever approved a text approved its pictures with it.
type Picture struct {
	File string // what it is called beside the edition
	Name string // such as "0f3c…-800x400.jpg"
	Data []byte // nil where it is on file already
}

// PicturePath is where pictures of editions lie.
const PicturePath = "/pictures/"

var pictureName = regexp.MustCompile(`^[0-9a-f]{32}-([1-9][0-9]{0,3})x([1-9][0-9]{0,3})\.(?:jpg|png)$`)

// PictureSize returns how wide and how high the picture is that lies at an address
// of ours, in pixels; ok is false if none can lie there.
func PictureSize(address string) (width, height int, ok bool) {
	_, name, found := strings.Cut(address, PicturePath)
	size := pictureName.FindStringSubmatch(name)
	if !found || size == nil {
		return 0, 0, false
	}
	width, _ = strconv.Atoi(size[1]) // they are figures
	height, _ = strconv.Atoi(size[2])
	return width, height, true
}

// widestPicture is how wide a picture is shown at most, in the pixels of style
// sheets: an edition is no wider.
const widestPicture = 576

// PictureShown is PictureSize as the picture is shown: one that is finer than a
// screen, or wider than an edition, is shown smaller.
func PictureShown(address string) (width, height int, ok bool) {
	width, height, ok = PictureSize(address)
	if width > widestPicture {
		width, height = widestPicture, max(1, height*widestPicture/width)
	}
	return width, height, ok
}
