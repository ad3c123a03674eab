package desk

import (
	"cmp"
	"mime"
	"net/http"
	"net/url"
	"strconv"

	"postroom/internal/casework"
	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// filesOf lists the files of an answer: what each is called, what it is and how
// large.
func (d *Desk) filesOf(sub postroom.Submission, answers []string) (list []attachedView) {
	for _, answer := range answers {
		file, ok := programme.FileOf(answer)
		if !ok {
			continue
		}
		list = append(list, attachedView{
			Name: cmp.Or(file.Name, d.say(postroom.Say("desk.letter.no_name"))), Size: file.Type + ", " + d.size(file.Size),
			Link: "/desk/submission/" + sub.ID + "/file/" + url.PathEscape(file.ID),
		})
	}
	return list
}

// submissionFile hands out a file that came with a form: as a file to keep, never
// as a page to look at, whatever is in it. Each time is noted.
func (d *Desk) submissionFile(w http.ResponseWriter, r *request) error {
	sub, err := r.read(d).Submission(r.PathValue("id"))
	if err != nil {
		return err
	}
	ref := casework.Ref{Matter: postroom.AboutSubmission, ID: sub.ID}
	a, err := d.access(r, ref, sub, nil)
	if err != nil {
		return err
	}
	if a.shut() {
		return notYours()
	}
	if a.sealed() { // its page asks first
		http.Redirect(w, r.Request, matterLink(ref), http.StatusSeeOther)
		return nil
	}
	file, content, err := r.read(d).FileOf(sub.ID, r.PathValue("file"))
	if err != nil {
		return err
	}
	if err := d.Casework.OpenFile(r.Context(), r.Who, ref, file.ID); err != nil {
		return err
	}
	return d.handOut(w, r, file.Name, content)
}

// handOut answers with a file that somebody sent.
func (d *Desk) handOut(w http.ResponseWriter, r *request, name string, content []byte) error {
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": fileName(name, 1)}))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Content-Length", strconv.Itoa(len(content)))
	if _, err := w.Write(content); err != nil {
		d.Log.DebugContext(r.Context(), "reader went away", "err", err)
	}
	return nil
}
