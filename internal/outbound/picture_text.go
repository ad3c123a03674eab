package outbound

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"

	"postroom/internal/postroom"
)

// maxPictures is how many pictures an edition may show.
const maxPictures = 20

const pictureStyle = "max-width:100%;height:auto;border:0;"

// pictureShape is a picture from a file beside the edition.
var pictureShape = regexp.MustCompile(`!\[([^\]\n]*)\]\(\s*(?:<([^<>\n]+)>|([^()<>\s]+))(?:\s+"[^"\n]*")?\s*\)`)

// fileShape is what such a file may be called: nothing that leads to another folder
// or another place.
var fileShape = regexp.MustCompile(`^[\pL\pN][\pL\pN\pM ._-]{0,99}$`)

// besides says whether an address may be that of a file beside the edition.
func besides(destination string) bool { return fileShape.MatchString(destination) }

// ours says whether a picture lies on our own pages.
func ours(destination string) bool {
	_, _, ok := postroom.PictureSize(destination)
	return ok && strings.HasPrefix(destination, postroom.PicturePath)
}

// pictures takes in the files that a text names.
func (r *editionReader) pictures(body string) {
	for _, at := range pictureShape.FindAllStringSubmatchIndex(body, -1) {
		words, file := strings.TrimSpace(body[at[2]:at[3]]), pictureFile(body, at)
		if !besides(file) {
			continue // CheckMarkdown says so
		}
		wrong, instead := r.picture(file)
		if words == "" || strings.EqualFold(words, file) {
			wrong, instead = "the picture says nothing to those who do not see it", "![what it shows]("+file+")"
		}
		if wrong != "" {
			line, column := placeOf(body, at[0])
			r.wrong(line, column, wrong, instead)
		}
	}
}

// pictureFile is the file that pictureShape found.
func pictureFile(body string, at []int) string {
	if at[4] >= 0 {
		return strings.TrimSpace(body[at[4]:at[5]])
	}
	return body[at[6]:at[7]]
}

// placed is a text with the addresses of its pictures in the place of their files.
func (r *editionReader) placed(body string) string {
	var b strings.Builder
	from := 0
	for _, at := range pictureShape.FindAllStringSubmatchIndex(body, -1) {
		if p := r.taken.named(pictureFile(body, at)); p != nil {
			b.WriteString(body[from:at[3]] + "](" + postroom.PicturePath + p.Name + ")")
			from = at[1]
		}
	}
	return b.String() + body[from:]
}

// album are the pictures of an edition, in all its languages.
type album []postroom.Picture

func (a *album) named(file string) *postroom.Picture {
	if i := slices.IndexFunc(*a, func(p postroom.Picture) bool { return p.File == file }); i >= 0 {
		return &(*a)[i]
	}
	return nil
}

// picture takes one file in, or says why not.
func (r *editionReader) picture(file string) (wrong, instead string) {
	if r.taken.named(file) != nil {
		return "", ""
	}
	if len(*r.taken) == maxPictures {
		return fmt.Sprintf("there are more than %d pictures", maxPictures), "fewer"
	}
	if r.with.Picture == nil {
		return "pictures lie beside the file of an edition, and there is none here", "[what it shows](https://…)"
	}
	p, data, err := r.with.Picture(file)
	if err != nil {
		return "there is no picture " + file + " beside the edition", "the name of a file in the same folder"
	}
	if p.Name == "" {
		if p, wrong, instead = readPicture(data); wrong != "" {
			return file + " " + wrong, instead
		}
	}
	p.File = file
	*r.taken = append(*r.taken, p)
	return "", ""
}

// dressPicture says how large a picture is, so that nothing jumps when it comes.
func dressPicture(n *ast.Image) {
	wide, high, ok := postroom.PictureShown(string(n.Destination))
	if !ok {
		return
	}
	n.SetAttributeString("width", []byte(strconv.Itoa(wide)))
	n.SetAttributeString("height", []byte(strconv.Itoa(high)))
	n.SetAttributeString("style", []byte(pictureStyle))
}

// wholeAddresses writes where pictures lie as a mail has to: it is on no page of ours.
func (o *Outbox) wholeAddresses(doc ast.Node) {
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if p, ok := n.(*ast.Image); ok && entering && ours(string(p.Destination)) {
			p.Destination = []byte(o.org.BaseURL + string(p.Destination))
		}
		return ast.WalkContinue, nil
	})
}

// shows checks a picture: it is one of ours, or, before it has been taken in, a file
// beside the edition, and has words for those who do not see it.
func (c *checking) shows(n *ast.Image) {
	to := string(util.UnescapePunctuations(n.Destination))
	words := strings.TrimSpace(plainText(n, []byte(c.text)))
	if c.files && besides(to) && !ours(to) {
		return // editionReader looks at it
	}
	switch {
	case !ours(to):
		c.wrong(n.Pos(), "pictures lie beside the file of an edition, and this one does not", "![what it shows](photo.jpg), or [what it shows](https://…)")
	case words == "":
		c.wrong(n.Pos(), "the picture says nothing to those who do not see it", "![what it shows]("+cmp.Or(to, "photo.jpg")+")")
	}
}
