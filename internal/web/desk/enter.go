package desk

import (
	"net/http"

	"postroom/internal/postroom"
	"postroom/internal/signin"
)

// enterPage is a page on which somebody signs in.
type enterPage struct {
	page
	Data    any
	Problem string // what to put right
	Field   string // where
	Lead    string
}

// devicesPage lists where a colleague has signed in.
type devicesPage struct {
	page
	Devices []device
}

type device struct {
	signin.Device
	At, LastSeen When
}

// enterRoutes are the pages of the sign-in. Who may open them, the sign-in says.
func (d *Desk) enterRoutes() (list []route) {
	pages := signin.Pages{SignIn: d.Door, Renderer: d, From: d.From}
	for _, each := range pages.Routes() {
		rule := all()
		if each.Open {
			rule = strangers()
		}
		do := each.Handle
		list = append(list, route{each.Pattern, rule, func(w http.ResponseWriter, r *request) error { return do(w, r.Request) }})
	}
	return list
}

// Render writes a page of the sign-in into the frame of the desk.
func (d *Desk) Render(w http.ResponseWriter, plain *http.Request, status int, name string, data any) error {
	who, _ := d.SignIn.Who(plain)
	r := &request{plain, who}
	switch data := data.(type) {
	case signin.AskData:
		p := enterPage{page: d.page(r, d.say(postroom.Say("desk.signin.title"))), Data: data, Field: "address"}
		p.Problem = d.problem(data.Problem)
		return d.render(w, r, status, name, p)
	case signin.SentData:
		p := enterPage{page: d.page(r, d.say(postroom.Say("desk.signin.sent.title"))), Data: data, Field: "code"}
		p.Problem = d.problem(data.Problem)
		return d.render(w, r, status, name, p)
	case signin.LinkData:
		p := enterPage{page: d.page(r, d.say(postroom.Say("desk.signin.link."+data.State))), Data: data}
		p.Lead = d.say(postroom.Say("desk.signin.link." + data.State + "_lead"))
		return d.render(w, r, status, name, p)
	case signin.DevicesData:
		p := devicesPage{page: d.page(r, d.say(postroom.Say("desk.signin.devices.title")))}
		for _, each := range data.Devices {
			p.Devices = append(p.Devices, device{each, d.when(each.Began), d.when(each.Seen)})
		}
		return d.render(w, r, status, name, p)
	}
	return &postroom.Error{Kind: postroom.NotFound}
}

func (d *Desk) problem(key string) string {
	if key == "" {
		return ""
	}
	return d.say(postroom.Say("desk.signin.problem." + key))
}
